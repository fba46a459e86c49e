using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ParentProxy.Simulator.Attestation;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Simulator.Attestation;

public sealed class SimulatedPkiTests : IDisposable
{
    private const string AuthorityKeyIdentifier = "2.5.29.35";
    private const string SubjectKeyIdentifier = "2.5.29.14";
    private const string BasicConstraints = "2.5.29.19";
    private const string KeyUsage = "2.5.29.15";
    private const string RevocationLists = "2.5.29.31";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(0, "CN=not-aws.nitro-enclaves", null, true, 30 * 365 * 24.0 + 1)]
    [InlineData(1, ".sim-local-1.not-aws.nitro-enclaves", 2, true, 20 * 24.0 + 1)]
    [InlineData(2, ".zonal.sim-local-1.not-aws.nitro-enclaves", 1, true, 5 * 24.0 + 16)]
    [InlineData(3, "CN=i-0123.sim-local-1.not-aws.nitro-enclaves", 0, false, 24.0)]
    public void Authorities_AreShapedAsRealOnes(int rank, string name, int? pathLength, bool signsLists, double hours)
    {
        var document = NewDocument();
        Assert.Equal(4, document.Bundle.Count);
        using var certificate = X509CertificateLoader.LoadCertificate(document.Bundle[rank]);

        Assert.Contains(name, certificate.Subject, StringComparison.Ordinal);
        Assert.Contains("O=not-Amazon", certificate.Subject, StringComparison.Ordinal);
        Assert.DoesNotContain("O=Amazon", certificate.Subject, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromHours(hours), certificate.NotAfter - certificate.NotBefore);
        var basic = certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single();
        Assert.True(basic.Critical && basic.CertificateAuthority);
        Assert.Equal(pathLength, basic.HasPathLengthConstraint ? basic.PathLengthConstraint : null);
        var usage = certificate.Extensions.OfType<X509KeyUsageExtension>().Single();
        Assert.True(usage.Critical);
        Assert.Equal(
            signsLists
                ? X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign
                : X509KeyUsageFlags.KeyCertSign,
            usage.KeyUsages);
        string[] identifiers = rank == 0 ? [SubjectKeyIdentifier] : [AuthorityKeyIdentifier, SubjectKeyIdentifier];
        string[] lists = rank is 1 or 2 ? [RevocationLists] : [];
        Assert.Equal(
            [BasicConstraints, .. identifiers, KeyUsage, .. lists], certificate.Extensions.Select(extension => extension.Oid!.Value!));
        AssertAlgorithms(certificate);
    }

    [Fact]
    public void Leaf_IsShapedAsARealOne()
    {
        var clock = new ManualTimeProvider();
        var document = NewDocument(clock);
        using var leaf = document.LoadLeaf();

        Assert.StartsWith("CN=i-0123-enc4567.sim-local-1.aws, ", leaf.Subject, StringComparison.Ordinal);
        Assert.Equal(clock.GetUtcNow().AddSeconds(-3).UtcDateTime, leaf.NotBefore.ToUniversalTime());
        Assert.Equal(TimeSpan.FromSeconds(10803), leaf.NotAfter - leaf.NotBefore);
        Assert.Equal([BasicConstraints, KeyUsage], leaf.Extensions.Select(extension => extension.Oid!.Value!));
        Assert.False(leaf.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        var usage = leaf.Extensions.OfType<X509KeyUsageExtension>().Single();
        Assert.False(usage.Critical);
        Assert.Equal(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.NonRepudiation, usage.KeyUsages);
        AssertAlgorithms(leaf);
    }

    [Fact]
    public void Names_AreInTheOrderOfRealOnes()
    {
        var document = NewDocument();

        Assert.Equal(["C", "S", "L", "O", "OU", "CN"], PartsOf(document.Certificate));
        Assert.Equal(["C", "O", "OU", "CN"], PartsOf(document.Bundle[0]));
        Assert.Equal(["CN", "OU", "O", "C", "S", "L"], PartsOf(document.Bundle[2]));

        static IEnumerable<string> PartsOf(byte[] der)
        {
            using var certificate = X509CertificateLoader.LoadCertificate(der);
            return
            [
                .. certificate.SubjectName.EnumerateRelativeDistinguishedNames(reversed: false)
                    .Select(part => part.GetSingleElementType().FriendlyName!),
            ];
        }
    }

    [Fact]
    public void Chain_EndsAtItsRootAndAtNoOther()
    {
        var clock = new ManualTimeProvider();
        var document = NewDocument(clock, out var pki);
        var other = SimulatedPki.Create(clock);

        Assert.Equal(X509ChainStatusFlags.NoError, document.CheckChain(pki.RootPem, clock.GetUtcNow()));
        Assert.NotEqual(X509ChainStatusFlags.NoError, document.CheckChain(other.RootPem, clock.GetUtcNow()));
        Assert.Equal(pki.RootSha256, Convert.ToHexStringLower(SHA256.HashData(document.Bundle[0])));
    }

    [Fact]
    public void Leaf_QuarterOfAnHourBeforeItsEnd_IsReplacedAndTheModuleStays()
    {
        var clock = new ManualTimeProvider();
        var attester = NewAttester(clock, SimulatedPki.Create(clock));
        var first = DecodedDocument.Read(attester.Attest());

        clock.Advance(TimeSpan.FromMinutes(165) - TimeSpan.FromSeconds(1));
        var last = DecodedDocument.Read(attester.Attest());
        clock.Advance(TimeSpan.FromSeconds(1));
        var next = DecodedDocument.Read(attester.Attest());

        Assert.Equal(first.Certificate, last.Certificate);
        Assert.NotEqual(first.Certificate, next.Certificate);
        Assert.Equal(first.ModuleId, next.ModuleId);
        Assert.Equal(first.Bundle, next.Bundle);
    }

    [Fact]
    public void Chain_ForThirtyDays_IsAlwaysValidToItsEndAndEveryRankIsRenewed()
    {
        var clock = new ManualTimeProvider();
        var pki = SimulatedPki.Create(clock);
        var attester = NewAttester(clock, pki);
        var step = TimeSpan.FromHours(6.1);
        HashSet<string>[] seen = [[], [], [], [], []];

        for (var passed = TimeSpan.Zero; passed < TimeSpan.FromDays(30); passed += step)
        {
            var document = DecodedDocument.Read(attester.Attest());
            using var leaf = document.LoadLeaf();
            Assert.Equal(X509ChainStatusFlags.NoError, document.CheckChain(pki.RootPem, clock.GetUtcNow()));
            Assert.Equal(X509ChainStatusFlags.NoError, document.CheckChain(pki.RootPem, leaf.NotAfter.AddSeconds(-1)));
            foreach (var (rank, certificate) in document.Bundle.Append(document.Certificate).Index())
                seen[rank].Add(Convert.ToHexString(certificate));
            clock.Advance(step);
        }

        var counts = seen.Select(certificates => certificates.Count).ToArray();
        Assert.Equal(1, counts[0]);
        Assert.Equal(2, counts[1]);
        // Each rank more often than the one above.
        Assert.Equal(counts.Distinct().Order(), counts);
    }

    [Fact]
    public async Task Save_ThenLoad_IsTheSameRootAndIsReadByItsOwnerAlone()
    {
        var path = _directory.File("pki.pem");
        var made = await SimulatedPki.LoadOrCreateAsync(path);
        var loaded = await SimulatedPki.LoadOrCreateAsync(path);

        Assert.Equal(made.RootPem, loaded.RootPem);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
        var document = DecodedDocument.Read(NewAttester(TimeProvider.System, loaded).Attest());
        Assert.Equal(X509ChainStatusFlags.NoError, document.CheckChain(made.RootPem, DateTimeOffset.UtcNow));
        await Assert.ThrowsAsync<IOException>(() => made.SaveAsync(path));
        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public async Task LoadOrCreate_ManyAtOnce_AllHaveTheSameRoot()
    {
        var path = _directory.File("pki.pem");

        var all = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => SimulatedPki.LoadOrCreateAsync(path))));

        Assert.Single(all.Select(pki => pki.RootSha256).Distinct());
    }

    [Theory]
    [InlineData("")]
    [InlineData("not PEM")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n")]
    public async Task Load_AnotherFile_NamesIt(string text)
    {
        var path = _directory.File("pki.pem");
        await File.WriteAllTextAsync(path, text);

        var error = await Assert.ThrowsAsync<IOException>(() => SimulatedPki.LoadAsync(path));

        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_CertificateWithoutItsKey_Throws()
    {
        var path = _directory.File("root.pem");
        await File.WriteAllTextAsync(path, SimulatedPki.Create().RootPem);

        await Assert.ThrowsAsync<IOException>(() => SimulatedPki.LoadAsync(path));
    }

    [Fact]
    public async Task Load_AfterItsEnd_SaysSo()
    {
        var path = _directory.File("pki.pem");
        var clock = new ManualTimeProvider();
        await SimulatedPki.Create(clock).SaveAsync(path);
        clock.Advance(TimeSpan.FromDays(30 * 365));

        var error = await Assert.ThrowsAsync<IOException>(() => SimulatedPki.LoadAsync(path, clock));

        Assert.Contains("ended", error.Message, StringComparison.Ordinal);
    }

    private static void AssertAlgorithms(X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPublicKey();
        Assert.Equal(384, key!.KeySize);
        Assert.Equal("1.2.840.10045.4.3.3", certificate.SignatureAlgorithm.Value); // ecdsa-with-SHA384
    }

    private static DecodedDocument NewDocument(TimeProvider? clock = null) => NewDocument(clock ?? new ManualTimeProvider(), out _);

    private static DecodedDocument NewDocument(TimeProvider clock, out SimulatedPki pki)
    {
        pki = SimulatedPki.Create(clock);
        return DecodedDocument.Read(NewAttester(clock, pki).Attest());
    }

    private static SimulatedAttester NewAttester(TimeProvider clock, SimulatedPki pki) =>
        new(new AttesterOptions { Pki = pki, ModuleId = "i-0123-enc4567" }, clock);
}
