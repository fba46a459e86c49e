namespace ParentProxy.Passthrough;

/// <summary>A connection found no enclave; the message says which were tried, what happened and what to do.</summary>
internal sealed class NoEnclaveException(string message) : Exception(message);
