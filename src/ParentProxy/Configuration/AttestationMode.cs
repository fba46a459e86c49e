namespace ParentProxy.Configuration;

/// <summary>What becomes of the verdicts on enclaves.</summary>
internal enum AttestationMode
{
    /// <summary>Nobody asks for documents.</summary>
    Off,

    /// <summary>Verdicts are shown and logged; traffic goes on as it would.</summary>
    Observe,

    /// <summary>Only an enclave whose document was verified gets traffic.</summary>
    Enforce,
}
