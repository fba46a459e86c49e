namespace ParentProxy.Attestation;

/// <summary>Why a document is rejected.</summary>
/// <param name="Reason">The check that it failed.</param>
/// <param name="Message">A sentence for an operator: what was found, and what would have been right.</param>
public sealed record AttestationFailure(AttestationReason Reason, string Message);
