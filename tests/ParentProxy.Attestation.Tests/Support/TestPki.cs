using System.Security.Cryptography.X509Certificates;

namespace ParentProxy.Attestation.Tests.Support;

/// <summary>
/// A chain of certificates as AWS issues them, from a root that nobody trusts: the authorities of a region, of a zone and of an
/// instance, and the certificate that signs documents.
/// </summary>
/// <param name="certificates">The root first.</param>
public sealed class TestPki(IReadOnlyList<TestCertificate> certificates)
{
    public const string ModuleId = "i-0123456789abcdef0-enc0123456789abcdef";

    private const X509KeyUsageFlags Authority =
        X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign;

    /// <summary>When documents are made and verified.</summary>
    public static DateTimeOffset Now { get; } = new(2026, 9, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>One that holds, for all who change nothing.</summary>
    public static TestPki Valid { get; } = Issue(Shapes());

    public IReadOnlyList<TestCertificate> Certificates => certificates;

    public TestCertificate Leaf => certificates[^1];

    public IReadOnlyList<byte[]> CaBundle => [.. certificates.SkipLast(1).Select(certificate => certificate.Der)];

    public TrustAnchor Root { get; } = TrustAnchor.Load(certificates[0].Der);

    /// <summary>Root, region, zone, instance and leaf, as they have to be.</summary>
    public static CertificateShape[] Shapes() =>
    [
        new("not-aws.nitro-enclaves") { Usage = Authority, From = Now.AddYears(-7), Until = Now.AddYears(23) },
        new("0a1b.us-east-1.not-aws.nitro-enclaves")
        {
            Usage = Authority, PathLength = 2, From = Now.AddDays(-9), Until = Now.AddDays(11),
        },
        new("2c3d.zonal.us-east-1.not-aws.nitro-enclaves")
        {
            Usage = Authority, PathLength = 1, From = Now.AddDays(-2), Until = Now.AddDays(4),
        },
        new("i-0123456789abcdef0.us-east-1.not-aws.nitro-enclaves") { PathLength = 0, From = Now.AddHours(-8), Until = Now.AddHours(16) },
        new($"{ModuleId}.us-east-1.not-aws")
        {
            IsAuthority = false,
            Usage = X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.NonRepudiation,
            From = Now.AddMinutes(-20),
            Until = Now.AddMinutes(160),
        },
    ];

    /// <summary>Issues a chain.</summary>
    /// <param name="shapes">The root first.</param>
    public static TestPki Issue(IEnumerable<CertificateShape> shapes)
    {
        var issued = new List<TestCertificate>();
        foreach (var shape in shapes)
            issued.Add(TestCertificate.Issue(shape, issued.LastOrDefault()));
        return new TestPki(issued);
    }

    /// <summary>Issues one in which a certificate is another than it has to be.</summary>
    /// <param name="index">Which: 0 is the root, 4 the one that signs documents.</param>
    /// <param name="change">What is changed.</param>
    public static TestPki With(int index, Func<CertificateShape, CertificateShape> change)
    {
        var shapes = Shapes();
        shapes[index] = change(shapes[index]);
        return Issue(shapes);
    }
}
