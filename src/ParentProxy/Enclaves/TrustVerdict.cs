namespace ParentProxy.Enclaves;

/// <summary>What became of the last request for an enclave's attestation document.</summary>
internal enum TrustVerdict
{
    /// <summary>It is genuine, and of an image that is pinned.</summary>
    Verified,

    /// <summary>It is genuine, but no image is pinned, or it is of debug mode.</summary>
    Unpinned,

    /// <summary>A check of the document failed.</summary>
    Rejected,

    /// <summary>There was no document: the enclave could not be asked, or answered something else.</summary>
    Failed,
}
