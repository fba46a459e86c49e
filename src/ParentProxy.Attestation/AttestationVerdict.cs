namespace ParentProxy.Attestation;

/// <summary>What became of a document.</summary>
public enum AttestationVerdict
{
    /// <summary>A check failed; nothing that it says may be relied on.</summary>
    Rejected,

    /// <summary>
    /// It is genuine, but nothing says which image it has to be of: no PCR was pinned, or the enclave runs in debug mode, which was
    /// allowed. Every operator of an enclave can have such a document.
    /// </summary>
    Unpinned,

    /// <summary>It is genuine, and every PCR that was pinned is as pinned.</summary>
    Verified,
}
