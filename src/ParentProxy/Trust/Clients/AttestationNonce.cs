using System.Buffers.Text;
using System.Security.Cryptography;

namespace ParentProxy.Trust.Clients;

/// <summary>Makes nonces. That a document carries ours is the only proof that it was made after we asked.</summary>
internal static class AttestationNonce
{
    private const int RandomBytes = 32;

    /// <summary>32 random bytes as 43 characters of base64url, which neither JSON nor a URL writes in another way.</summary>
    public static string Create() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));
}
