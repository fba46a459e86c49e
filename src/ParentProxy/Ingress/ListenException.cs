namespace ParentProxy.Ingress;

/// <summary>A listener could not be opened.</summary>
internal sealed class ListenException(string message, Exception inner) : IOException(message, inner);
