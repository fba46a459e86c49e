using System.Security.Cryptography;
using ParentProxy.Attestation;

namespace ParentProxy.Fuzz.Attestation;

/// <summary>A document that is mutated.</summary>
/// <param name="Bytes">Its bytes.</param>
/// <param name="Key">Of the certificate that signed it, where it is ours.</param>
/// <param name="Policy">What it has to fulfil.</param>
/// <param name="At">When it is verified.</param>
internal sealed record Original(byte[] Bytes, ECDsa? Key, AttestationPolicy Policy, DateTimeOffset At)
{
    /// <summary>What was signed: the protected header and the payload.</summary>
    public (byte[] Header, byte[] Payload) Signed { get; } =
        SignedPart.Of(Bytes) ?? throw new FindingException("an original cannot be read");
}
