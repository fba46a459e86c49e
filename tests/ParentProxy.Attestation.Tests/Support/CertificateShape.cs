using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ParentProxy.Attestation.Tests.Support;

/// <summary>A certificate of a test chain before it is issued; as it is, one of the shape that AWS issues.</summary>
/// <param name="CommonName">Of its subject.</param>
public sealed record CertificateShape(string CommonName)
{
    /// <summary>Whether it says that it is an authority; null for no basicConstraints at all.</summary>
    public bool? IsAuthority { get; init; } = true;

    public bool IsConstraintCritical { get; init; } = true;

    public int? PathLength { get; init; }

    /// <summary>Null for no keyUsage.</summary>
    public X509KeyUsageFlags? Usage { get; init; } = X509KeyUsageFlags.KeyCertSign;

    public DateTimeOffset From { get; init; }

    public DateTimeOffset Until { get; init; }

    public ECCurve Curve { get; init; } = ECCurve.NamedCurves.nistP384;

    /// <summary>With which hash its issuer signs it.</summary>
    public HashAlgorithmName Hash { get; init; } = HashAlgorithmName.SHA384;

    /// <summary>The name of its issuer, where it is another than the issuer's.</summary>
    public string? IssuerName { get; init; }

    /// <summary>What else it has.</summary>
    public IReadOnlyList<X509Extension> Extensions { get; init; } = [];

    /// <summary>Its key, where it is not a new one.</summary>
    public ECDsa? Key { get; init; }

    public static string NameOf(string commonName) => $"C=US, O=not-Amazon, OU=not-AWS, CN={commonName}";
}
