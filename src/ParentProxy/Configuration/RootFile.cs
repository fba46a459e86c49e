using System.Security.Cryptography;
using ParentProxy.Attestation;
using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>A file with the root certificate that stands in the place of AWS's.</summary>
internal static class RootFile
{
    /// <summary>Two pages of certificate are more than any has.</summary>
    private const int MaxBytes = 64 * 1024;

    /// <summary>Reads one certificate, in PEM or DER.</summary>
    public static Parsed<TrustAnchor> Read(string path)
    {
        var (bytes, reason) = SmallFile.Read(path, MaxBytes);
        if (reason is not null)
            return new Mistake(reason);
        try
        {
            return TrustAnchor.Load(bytes);
        }
        catch (CryptographicException ex)
        {
            return new Mistake($"{Quoted.Text(path)} is no certificate in PEM or DER: {ex.Message}");
        }
    }
}
