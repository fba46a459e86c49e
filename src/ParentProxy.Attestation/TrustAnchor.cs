using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ParentProxy.Attestation;

/// <summary>The root certificate at which the chain of a document has to begin.</summary>
public sealed class TrustAnchor : IEquatable<TrustAnchor>
{
    /// <summary>SHA-256 of the certificate AWS_NitroEnclaves_Root-G1, as AWS publishes it.</summary>
    private const string AwsG1Fingerprint = "641A0321A3E244EFE456463195D606317ED7CDCC3C1756E09893F3C68F79BB5B";

    private static readonly Lazy<TrustAnchor> Aws = new(ReadAwsG1);

    private TrustAnchor(X509Certificate2 certificate, bool isCustom)
    {
        Certificate = certificate;
        IsCustom = isCustom;
        Fingerprint = certificate.GetCertHashString(HashAlgorithmName.SHA256);
    }

    /// <summary>The root of the AWS Nitro Enclaves PKI (partition <c>aws</c>), which is part of this library.</summary>
    /// <exception cref="CryptographicException">It is not the certificate whose fingerprint AWS publishes.</exception>
    public static TrustAnchor AwsG1 => Aws.Value;

    /// <summary>Whether it is another one than AWS's: that of another partition, or of a simulation.</summary>
    public bool IsCustom { get; }

    /// <summary>SHA-256 of the certificate, in upper-case hex digits.</summary>
    public string Fingerprint { get; }

    internal X509Certificate2 Certificate { get; }

    /// <summary>Takes another root, which has to be configured on purpose. AWS's own stays AWS's own.</summary>
    /// <param name="pem">One certificate in PEM, or in DER.</param>
    /// <exception cref="CryptographicException">It is no certificate.</exception>
    public static TrustAnchor Load(ReadOnlySpan<byte> pem)
    {
        var certificate = X509CertificateLoader.LoadCertificate(pem);
        return certificate.GetCertHashString(HashAlgorithmName.SHA256) == AwsG1Fingerprint
            ? AwsG1
            : new TrustAnchor(certificate, isCustom: true);
    }

    /// <summary>Whether it is the same certificate.</summary>
    public bool Equals(TrustAnchor? other) => Fingerprint == other?.Fingerprint;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TrustAnchor);

    /// <inheritdoc/>
    public override int GetHashCode() => Fingerprint.GetHashCode(StringComparison.Ordinal);

    private static TrustAnchor ReadAwsG1()
    {
        using var stream = typeof(TrustAnchor).Assembly.GetManifestResourceStream("aws-nitro-enclaves-root-g1.pem")!;
        var pem = new byte[stream.Length];
        stream.ReadExactly(pem);
        var anchor = new TrustAnchor(X509CertificateLoader.LoadCertificate(pem), isCustom: false);
        return anchor.Fingerprint == AwsG1Fingerprint
            ? anchor
            : throw new CryptographicException($"The built-in AWS root has the fingerprint {anchor.Fingerprint}, not {AwsG1Fingerprint}.");
    }
}
