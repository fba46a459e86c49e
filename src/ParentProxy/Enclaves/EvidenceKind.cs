namespace ParentProxy.Enclaves;

/// <summary>What traffic can show about an enclave.</summary>
internal enum EvidenceKind
{
    /// <summary>It could not be dialled.</summary>
    DialFailed,

    /// <summary>A connection ended before its response was whole.</summary>
    ResponseCut,

    /// <summary>It answered a request with 5xx.</summary>
    ServerError,

    /// <summary>A request had no response head for a second.</summary>
    Slow,

    /// <summary>
    /// A dial failed that says little by itself: another port than the enclave's own, or an accept queue that may be full.
    /// </summary>
    DialRefused,
}
