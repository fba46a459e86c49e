using System.Diagnostics.CodeAnalysis;

namespace ParentProxy.Attestation;

/// <summary>What the verification of a document came to.</summary>
public sealed record AttestationResult
{
    private AttestationResult()
    {
    }

    /// <summary>Whether and how far it can be relied on.</summary>
    public AttestationVerdict Verdict { get; private init; }

    /// <summary>Why it was rejected; null when it was not.</summary>
    public AttestationFailure? Failure { get; private init; }

    /// <summary>What it says; null when it was rejected.</summary>
    public AttestationDocument? Document { get; private init; }

    /// <summary>Whether the enclave runs in debug mode, which the policy allowed.</summary>
    [MemberNotNullWhen(true, nameof(Document))]
    public bool IsDebug => Document is { IsDebug: true };

    internal static AttestationResult Rejected(AttestationFailure failure) =>
        new() { Verdict = AttestationVerdict.Rejected, Failure = failure };

    internal static AttestationResult Genuine(AttestationDocument document, bool isPinned) =>
        new() { Verdict = isPinned ? AttestationVerdict.Verified : AttestationVerdict.Unpinned, Document = document };
}
