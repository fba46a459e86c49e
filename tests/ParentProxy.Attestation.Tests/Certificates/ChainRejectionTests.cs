using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ParentProxy.Attestation.Tests.Support;
using static System.Security.Cryptography.X509Certificates.X509KeyUsageFlags;

namespace ParentProxy.Attestation.Tests.Certificates;

/// <summary>One fault in the chain each, and the reason that it is rejected for. Every document is signed by its leaf's key.</summary>
public sealed class ChainRejectionTests
{
    private const int Root = 0;
    private const int Region = 1;
    private const int Zone = 2;
    private const int Instance = 3;
    private const int Leaf = 4;

    public static TheoryData<string, string, Func<TestPki>> Chains() => new()
    {
        { "root expired", "validity", () => With(Root, s => s with { Until = Now.AddSeconds(-1) }) },
        { "region expired", "validity", () => With(Region, s => s with { Until = Now.AddSeconds(-1) }) },
        { "zone expired", "validity", () => With(Zone, s => s with { Until = Now.AddSeconds(-1) }) },
        { "instance expired", "validity", () => With(Instance, s => s with { Until = Now.AddSeconds(-1) }) },
        { "leaf expired", "validity", () => With(Leaf, s => s with { Until = Now.AddSeconds(-1) }) },
        { "zone not valid yet", "validity", () => With(Zone, s => s with { From = Now.AddSeconds(11) }) },
        { "leaf not valid yet", "validity", () => With(Leaf, s => s with { From = Now.AddSeconds(11) }) },
        { "leaf from the year 1", "validity", () => With(Leaf, s => s with { From = DateTimeOffset.MinValue, Until = Now.AddDays(-1) }) },
        { "leaf on P-256", "certificate-alg", () => With(Leaf, s => s with { Curve = ECCurve.NamedCurves.nistP256 }) },
        { "leaf on P-521", "certificate-alg", () => With(Leaf, s => s with { Curve = ECCurve.NamedCurves.nistP521 }) },
        {
            "leaf on brainpool's 384 bits", "certificate-alg",
            () => With(Leaf, s => s with { Curve = ECCurve.NamedCurves.brainpoolP384r1 })
        },
        { "zone on P-256", "certificate-alg", () => With(Zone, s => s with { Curve = ECCurve.NamedCurves.nistP256 }) },
        { "leaf signed with SHA-256", "certificate-alg", () => With(Leaf, s => s with { Hash = HashAlgorithmName.SHA256 }) },
        { "zone signed with SHA-512", "certificate-alg", () => With(Zone, s => s with { Hash = HashAlgorithmName.SHA512 }) },
        { "instance no authority", "basic-constraints", () => With(Instance, s => s with { IsAuthority = false, PathLength = null }) },
        { "zone without basicConstraints", "basic-constraints", () => With(Zone, s => s with { IsAuthority = null }) },
        { "zone without critical ones", "basic-constraints", () => With(Zone, s => s with { IsConstraintCritical = false }) },
        { "root no authority", "basic-constraints", () => With(Root, s => s with { IsAuthority = false }) },
        { "leaf an authority", "basic-constraints", () => With(Leaf, s => s with { IsAuthority = true }) },
        { "leaf an authority of none", "basic-constraints", () => With(Leaf, s => s with { IsAuthority = true, PathLength = 0 }) },
        { "region of too few", "path-length", () => With(Region, s => s with { PathLength = 1 }) },
        { "zone of none", "path-length", () => With(Zone, s => s with { PathLength = 0 }) },
        { "root of one", "path-length", () => With(Root, s => s with { PathLength = 1 }) },
        { "instance with another below", "path-length", () => TestPki.Issue(
            [.. TestPki.Shapes()[..4], new("below") { From = Now.AddHours(-1), Until = Now.AddHours(1) }, TestPki.Shapes()[Leaf]]) },
        { "a leaf that issues", "basic-constraints", () => TestPki.Issue([.. TestPki.Shapes(), TestPki.Shapes()[Leaf] with
        {
            CommonName = $"{TestPki.ModuleId}.below",
        }]) },
        { "zone without keyUsage", "key-usage", () => With(Zone, s => s with { Usage = null }) },
        { "zone without keyCertSign", "key-usage", () => With(Zone, s => s with { Usage = DigitalSignature }) },
        { "instance without keyCertSign", "key-usage", () => With(Instance, s => s with { Usage = CrlSign }) },
        { "leaf without keyUsage", "key-usage", () => With(Leaf, s => s with { Usage = null }) },
        { "leaf without digitalSignature", "key-usage", () => With(Leaf, s => s with { Usage = NonRepudiation }) },
        { "unknown critical extension", "critical-extension", () => With(Zone, s => s with { Extensions = [Unknown(critical: true)] }) },
        {
            "unknown critical extension of the leaf", "critical-extension",
            () => With(Leaf, s => s with { Extensions = [Unknown(critical: true)] })
        },
        { "issuer under another name", "issuer-mismatch", () => With(Instance, s => s with { IssuerName = "somebody else" }) },
        { "leaf's issuer under another name", "issuer-mismatch", () => With(Leaf, s => s with { IssuerName = "somebody else" }) },
        {
            "leaf of another enclave", "module-id",
            () => With(Leaf, s => s with { CommonName = "i-0123456789abcdef0-enc0.us-east-1.not-aws" })
        },
        { "leaf of a longer name", "module-id", () => With(Leaf, s => s with { CommonName = TestPki.ModuleId + "0.us-east-1.not-aws" }) },
        { "leaf named like it, without a region", "module-id", () => With(Leaf, s => s with { CommonName = TestPki.ModuleId }) },
        { "leaf issued by itself", "untrusted-root", () => new TestPki(
            [.. TestPki.Valid.Certificates.SkipLast(1), TestCertificate.Issue(TestPki.Shapes()[Leaf], issuer: null)]) },
        { "leaf alone, issued by itself", "untrusted-root", () => new TestPki(
            [TestPki.Valid.Certificates[0], TestCertificate.Issue(TestPki.Shapes()[Leaf], issuer: null)]) },
        { "zone missing", "chain-incomplete", () => Of([Root, Region, Instance, Leaf]) },
        { "region missing", "chain-incomplete", () => Of([Root, Zone, Instance, Leaf]) },
        { "instance missing", "chain-incomplete", () => Of([Root, Region, Zone, Leaf]) },
        { "all but the root missing", "chain-incomplete", () => Of([Root, Leaf]) },
        { "region and zone the other way round", "cabundle-order", () => Of([Root, Zone, Region, Instance, Leaf]) },
        { "authorities the other way round", "cabundle-order", () => Of([Root, Instance, Zone, Region, Leaf]) },
        { "zone twice", "cabundle-order", () => Of([Root, Region, Zone, Zone, Instance, Leaf]) },
        { "leaf in the bundle, too", "cabundle-order", () => Of([Root, Region, Zone, Instance, Leaf, Leaf]) },
        { "root twice", "untrusted-root", () => Of([Root, Root, Region, Zone, Instance, Leaf]) },
        { "instance as the one that signs", "basic-constraints", () => Of([Root, Region, Zone, Instance]) },
        { "another chain below the root", "chain-incomplete", () => new TestPki(
            [TestPki.Valid.Certificates[0], .. With(Root, s => s with { CommonName = "attacker" }).Certificates.Skip(1)]) },
        { "another chain of the same names", "chain-signature", () => new TestPki(
            [TestPki.Valid.Certificates[0], .. TestPki.Issue(TestPki.Shapes()).Certificates.Skip(1)]) },
        { "a leaf of the same name signed by another", "chain-signature", () => new TestPki(
            [.. TestPki.Valid.Certificates.SkipLast(1), TestPki.Issue(TestPki.Shapes()).Leaf]) },
        { "another root of the same name behind", "untrusted-root", () => new TestPki(
            [TestPki.Valid.Certificates[0], .. TestPki.Issue(TestPki.Shapes()).Certificates]) },
        { "certificate changed after it was signed", "chain-signature", () => Changed(Zone, Signature) },
        { "leaf changed after it was signed", "chain-signature", () => Changed(Leaf, Signature) },
        { "a byte behind a certificate", "certificate-parse", () => Changed(Zone, der => [.. der, 0]) },
        { "a byte behind the leaf", "certificate-parse", () => Changed(Leaf, der => [.. der, 0]) },
        { "a certificate behind a certificate", "certificate-parse", () => Changed(Instance, der => [.. der[..20], .. der]) },
        { "half a certificate", "certificate-parse", () => Changed(Zone, der => der[..200]) },
        {
            "a certificate in PEM", "certificate-parse",
            () => Changed(Leaf, der => Encoding.ASCII.GetBytes(PemEncoding.WriteString("CERTIFICATE", der)))
        },
        { "zeros", "certificate-parse", () => Changed(Leaf, _ => new byte[64]) },
        {
            "keyUsage that is none", "certificate-parse",
            () => With(Zone, s => s with { Usage = null, Extensions = [new("2.5.29.15", [5, 0], true)] })
        },
        {
            "leaf's keyUsage that is none", "certificate-parse",
            () => With(Leaf, s => s with { Usage = null, Extensions = [new("2.5.29.15", [4], false)] })
        },
        {
            "basicConstraints that are none", "certificate-parse",
            () => With(Leaf, s => s with { IsAuthority = null, Extensions = [new("2.5.29.19", [0x30, 5], true)] })
        },
        { "path length beyond 32 bits", "certificate-parse", () => With(Zone, s => s with
        {
            IsAuthority = null,
            Extensions = [new("2.5.29.19", Item.Hex("300A0101FF02050100000001"), true)],
        }) },
        { "basicConstraints twice", "certificate-parse", () => Twice(19, "30060101FF020101") },
        { "keyUsage twice", "certificate-parse", () => Twice(15, "03020104") },
        {
            "zone's key no point of the curve", "chain-incomplete",
            () => Changed(Zone, der => Point(der, TestPki.Valid.Certificates[Zone].Key))
        },
        { "leaf's key no point of the curve", "certificate-parse", () => Changed(Leaf, der => Point(der, TestPki.Valid.Leaf.Key)) },
        { "a date that is none", "certificate-parse", () => Changed(Leaf, der => Replaced(der, "260901114000Z", "261901114000Z")) },
        { "a date of letters", "certificate-parse", () => Changed(Leaf, der => Replaced(der, "260901114000Z", "not-in-UTC-!!")) },
        { "a name that is none", "issuer-mismatch", () => Changed(Zone, der => Replaced(der, "2c3d.zonal", "\u00ff\u00fe3d.zonal")) },
    };

    [Theory]
    [MemberData(nameof(Chains), DisableDiscoveryEnumeration = true)]
    public void Verify_ChainWithOneFault_IsRejectedForIt(string what, string code, Func<TestPki> make)
    {
        Assert.NotEmpty(what);
        var pki = make();
        var document = new TestDocument(pki) { AfterSigning = signature => signature.Length == 96 ? signature : new byte[96] };
        var result = new AttestationVerifier(TimeProvider.System).VerifyAt(document.Encode(), Policies.Of(pki), Now);

        Assert.True(code == (result.Failure?.Reason.Code() ?? "none"), $"{result.Failure}");
        Assert.Equal(AttestationVerdict.Rejected, result.Verdict);
    }

    private static DateTimeOffset Now => TestPki.Now;

    private static TestPki With(int index, Func<CertificateShape, CertificateShape> change) => TestPki.With(index, change);

    private static X509Extension Unknown(bool critical) => new("1.3.6.1.4.1.99999.1", [0x05, 0x00], critical);

    private static TestPki Of(int[] order) => new([.. order.Select(i => TestPki.Valid.Certificates[i])]);

    // The platform does not issue such a certificate: it gets an unknown extension, which becomes one that is there already.
    private static TestPki Twice(byte extension, string value)
    {
        var pki = With(Zone, s => s with { Extensions = [new("2.5.29.99", Item.Hex(value), true)] });
        return new TestPki([.. pki.Certificates.Select((certificate, i) => i == Zone
            ? certificate with { Der = Replaced(certificate.Der, "U\u001dc", $"U\u001d{(char)extension}") }
            : certificate)]);
    }

    private static byte[] Replaced(byte[] der, string old, string by)
    {
        Assert.Equal(old.Length, by.Length);
        var text = Encoding.Latin1.GetString(der);
        Assert.Contains(old, text, StringComparison.Ordinal);
        return Encoding.Latin1.GetBytes(text.Replace(old, by, StringComparison.Ordinal));
    }

    private static byte[] Point(byte[] der, ECDsa key)
    {
        var x = Encoding.Latin1.GetString(key.ExportParameters(includePrivateParameters: false).Q.X!);
        return Replaced(der, x, "no point" + x[8..]);
    }

    private static byte[] Signature(byte[] der) => [.. der[..^1], (byte)(der[^1] ^ 1)];

    private static TestPki Changed(int index, Func<byte[], byte[]> change) => new(
    [
        .. TestPki.Valid.Certificates.Select((certificate, i) =>
            i == index ? certificate with { Der = change(certificate.Der) } : certificate),
    ]);
}
