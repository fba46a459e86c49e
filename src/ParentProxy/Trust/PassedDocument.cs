using ParentProxy.Attestation;

namespace ParentProxy.Trust;

/// <summary>The last document that passed.</summary>
/// <param name="Bytes">The document, to be judged by other rules without asking for another.</param>
/// <param name="Nonce">The nonce that it was asked for with.</param>
/// <param name="Content">What it says.</param>
/// <param name="Epoch">The enclave's epoch before it was asked.</param>
/// <param name="At">When it came.</param>
/// <param name="Timestamp">The same, by the clock that nobody sets.</param>
internal sealed record PassedDocument(
    byte[] Bytes, byte[] Nonce, AttestationDocument Content, int Epoch, DateTimeOffset At, long Timestamp);
