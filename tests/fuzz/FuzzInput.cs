namespace ParentProxy.Fuzz;

/// <summary>What is mutated.</summary>
internal enum FuzzInput
{
    /// <summary>Responses of enclaves.</summary>
    Responses,

    /// <summary>Attestation documents.</summary>
    Attestation,
}
