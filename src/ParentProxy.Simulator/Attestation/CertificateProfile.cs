using System.Security.Cryptography.X509Certificates;

namespace ParentProxy.Simulator.Attestation;

/// <summary>
/// What the certificates of one rank have in common, as they are found in real documents. A real certificate of an instance has key
/// identifiers since August 2024; that of an enclave never had any.
/// </summary>
internal sealed record CertificateProfile
{
    // The authority behind real ones sets the start back by an hour, which shows in the root: thirty years and one hour.
    private static readonly TimeSpan AuthorityBackdating = TimeSpan.FromHours(1);

    private const X509KeyUsageFlags AuthorityUsage =
        X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign;

    public static CertificateProfile Root { get; } = new()
    {
        Basic = X509BasicConstraintsExtension.CreateForCertificateAuthority(),
        Usage = new X509KeyUsageExtension(AuthorityUsage, critical: true),
        HasKeyIdentifiers = true,
        Backdating = AuthorityBackdating,
        Lifetime = AuthorityBackdating + TimeSpan.FromDays(30 * 365),
    };

    public static CertificateProfile Regional { get; } = Root with
    {
        Basic = X509BasicConstraintsExtension.CreateForCertificateAuthority(2),
        HasRevocationList = true,
        Lifetime = AuthorityBackdating + TimeSpan.FromDays(20),
    };

    public static CertificateProfile Zonal { get; } = Regional with
    {
        Basic = X509BasicConstraintsExtension.CreateForCertificateAuthority(1),
        Lifetime = TimeSpan.FromDays(5) + TimeSpan.FromHours(16),
    };

    public static CertificateProfile Instance { get; } = new()
    {
        Basic = X509BasicConstraintsExtension.CreateForCertificateAuthority(0),
        Usage = new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true),
        HasKeyIdentifiers = true,
        // A little older than the first enclave on it.
        Backdating = TimeSpan.FromSeconds(100),
        Lifetime = TimeSpan.FromHours(24),
    };

    public static CertificateProfile Leaf { get; } = new()
    {
        Basic = X509BasicConstraintsExtension.CreateForEndEntity(critical: true),
        Usage = new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.NonRepudiation, critical: false),
        Backdating = TimeSpan.FromSeconds(3),
        Lifetime = TimeSpan.FromSeconds(10803),
    };

    public required X509BasicConstraintsExtension Basic { get; init; }

    public required X509KeyUsageExtension Usage { get; init; }

    /// <summary>Whether it names its own key and its issuer's.</summary>
    public bool HasKeyIdentifiers { get; init; }

    public bool HasRevocationList { get; init; }

    /// <summary>How long before it is made it begins.</summary>
    public required TimeSpan Backdating { get; init; }

    /// <summary>From its beginning to its end.</summary>
    public required TimeSpan Lifetime { get; init; }
}
