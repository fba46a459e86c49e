namespace ParentProxy.Scenarios.Enclaves;

/// <summary>What an enclave does with connections and requests.</summary>
internal enum EnclaveMode
{
    /// <summary>Answers.</summary>
    Normal,

    /// <summary>Takes everything and answers nothing, probes neither.</summary>
    BlackHole,

    /// <summary>Resets every connection that it accepts.</summary>
    ResetAtOnce,

    /// <summary>Resets the connection once it has read a request; answers probes.</summary>
    ResetAfterReading,

    /// <summary>Answers requests with 500, and probes with 200.</summary>
    ErrorsOfTheApplication,

    /// <summary>Answers everything with 500.</summary>
    Errors,

    /// <summary>Answers requests after three seconds, and probes at once.</summary>
    Slow,
}
