using System.Security.Cryptography;
using System.Security.Cryptography.Cose;

namespace ParentProxy.Attestation.Certificates;

/// <summary>
/// What is left to know of a chain whose signatures hold. Its key is not disposed of: who forgets a chain does not know who still
/// uses it.
/// </summary>
/// <param name="validity">When it is valid.</param>
/// <param name="commonName">Of the certificate that signs documents.</param>
/// <param name="key">Of the certificate that signs documents.</param>
internal sealed class TrustedChain(Validity validity, string commonName, ECDsa key)
{
    private readonly Lock _gate = new();

    /// <summary>When it is valid.</summary>
    public Validity Validity => validity;

    /// <summary>Whether it is the chain of this enclave.</summary>
    public bool IsOf(string moduleId) => commonName.StartsWith($"{moduleId}.", StringComparison.Ordinal);

    /// <summary>Whether it signed a document, in the bytes that were received.</summary>
    public bool HasSigned(ReadOnlySpan<byte> document)
    {
        try
        {
            var message = CoseMessage.DecodeSign1(document);

            // Keys are not for several threads.
            lock (_gate)
                return message.VerifyEmbedded(key);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
