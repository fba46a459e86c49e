namespace ParentProxy.Attestation;

/// <summary>Carries the first failure out of nested readers; never leaves this library.</summary>
internal sealed class AttestationException(AttestationReason reason, string message) : Exception(message)
{
    public AttestationFailure Failure { get; } = new(reason, message);
}
