using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ParentProxy.Attestation;

/// <summary>The root certificate at which the chain of a document has to begin.</summary>
public sealed class TrustAnchor : IEquatable<TrustAnchor>
{
    /// <summary>SHA-256 of the certificate AWS_NitroEnclaves_Root-G1, as AWS publishes it.</summary>
    private const string AwsG1Fingerprint = "641A0321A3E244EFE456463195D606317ED7CDCC3C1756E09893F3C68F79BB5B";

    private readonly Lazy<X509Certificate2> _certificate;

    private TrustAnchor(Lazy<X509Certificate2> certificate, string fingerprint, bool isCustom)
    {
        _certificate = certificate;
        IsCustom = isCustom;
        Fingerprint = fingerprint;
    }

    /// <summary>
    /// The root of the AWS Nitro Enclaves PKI (partition <c>aws</c>), which is part of this library. It is read, and compared with the
    /// fingerprint that AWS publishes, when a document is first verified: who verifies none needs no OpenSSL for it.
    /// </summary>
    public static TrustAnchor AwsG1 { get; } = new(new Lazy<X509Certificate2>(ReadAwsG1), AwsG1Fingerprint, isCustom: false);

    /// <summary>Whether it is another one than AWS's: that of another partition, or of a simulation.</summary>
    public bool IsCustom { get; }

    /// <summary>SHA-256 of the certificate, in upper-case hex digits.</summary>
    public string Fingerprint { get; }

    /// <summary>What the chain of a document has to end at, read when it is first needed.</summary>
    /// <exception cref="CryptographicException">That of AWS is not the one whose fingerprint AWS publishes.</exception>
    internal X509Certificate2 Certificate => _certificate.Value;

    /// <summary>Takes another root, which has to be configured on purpose. AWS's own stays AWS's own.</summary>
    /// <param name="pem">One certificate in PEM, or in DER.</param>
    /// <exception cref="CryptographicException">It is no certificate.</exception>
    public static TrustAnchor Load(ReadOnlySpan<byte> pem)
    {
        var certificate = X509CertificateLoader.LoadCertificate(pem);
        var fingerprint = certificate.GetCertHashString(HashAlgorithmName.SHA256);
        return fingerprint == AwsG1Fingerprint
            ? AwsG1
            : new TrustAnchor(new Lazy<X509Certificate2>(certificate), fingerprint, isCustom: true);
    }

    /// <summary>Whether it is the same certificate.</summary>
    public bool Equals(TrustAnchor? other) => Fingerprint == other?.Fingerprint;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TrustAnchor);

    /// <inheritdoc/>
    public override int GetHashCode() => Fingerprint.GetHashCode(StringComparison.Ordinal);

    private static X509Certificate2 ReadAwsG1()
    {
        using var stream = typeof(TrustAnchor).Assembly.GetManifestResourceStream("aws-nitro-enclaves-root-g1.pem")!;
        var pem = new byte[stream.Length];
        stream.ReadExactly(pem);
        var certificate = X509CertificateLoader.LoadCertificate(pem);
        var fingerprint = certificate.GetCertHashString(HashAlgorithmName.SHA256);
        return fingerprint == AwsG1Fingerprint
            ? certificate
            : throw new CryptographicException($"The built-in AWS root has the fingerprint {fingerprint}, not {AwsG1Fingerprint}.");
    }
}
