namespace ParentProxy.Simulator.Attestation;

/// <summary>A document, the key that signed it, and when that was.</summary>
internal sealed record SignedAttestation(byte[] Document, CertifiedKey Leaf, DateTimeOffset MadeAt)
{
    private const int HugeChars = 10 * 1024 * 1024;

    /// <summary>The document as answers hold it, which with <see cref="AttestationFault.Huge"/> is none.</summary>
    public string ToBase64(AttestationFault fault) =>
        fault == AttestationFault.Huge ? new string('A', HugeChars) : Convert.ToBase64String(Document);
}
