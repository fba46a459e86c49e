namespace ParentProxy.Configuration;

/// <summary>What an operator wants of an enclave.</summary>
internal enum EnclaveMode
{
    /// <summary>It takes traffic whenever it can.</summary>
    Ready,

    /// <summary>It gets nothing new; what it has goes on for as long as it takes.</summary>
    Drain,
}
