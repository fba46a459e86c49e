namespace ParentProxy.Enclaves;

/// <summary>What the attestation of an enclave came to, at one moment; replaced whole.</summary>
/// <param name="Verdict">The verdict on the last document, or that there was none.</param>
/// <param name="Code">Why, as a word: the check that failed, or how the request did; null where nothing did.</param>
/// <param name="Detail">Why, for an operator.</param>
/// <param name="CheckedAt">When the last attempt ended.</param>
/// <param name="VerifiedAt">When a document last passed; null when none did.</param>
/// <param name="ModuleId">The enclave that this document was of; null when none passed.</param>
/// <param name="IsDebug">Whether it runs in debug mode, by this document.</param>
/// <param name="IsCustomRoot">Whether another root than AWS's vouches.</param>
internal sealed record EnclaveTrust(
    TrustVerdict Verdict,
    string? Code,
    string Detail,
    DateTimeOffset CheckedAt,
    DateTimeOffset? VerifiedAt,
    string? ModuleId,
    bool IsDebug,
    bool IsCustomRoot);
