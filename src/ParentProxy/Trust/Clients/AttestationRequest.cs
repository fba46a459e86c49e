using System.Text;

namespace ParentProxy.Trust.Clients;

/// <summary>What an enclave is asked to have attested. The protocols carry text, of which the bytes in UTF-8 are attested.</summary>
internal sealed record AttestationRequest
{
    /// <summary>The nonce; <see cref="AttestationNonce.Create"/> makes one that nobody has had before.</summary>
    public required string Nonce { get; init; }

    /// <summary>What stands in the document beside it; null for nothing. Not every protocol can carry it.</summary>
    public string? UserData { get; init; }

    /// <summary>Whether the enclave shall make a key and have it attested. Not every protocol can ask for it.</summary>
    public bool GenerateKey { get; init; }

    /// <summary>The nonce as it has to stand in the document.</summary>
    public byte[] NonceBytes => Encoding.UTF8.GetBytes(Nonce);
}
