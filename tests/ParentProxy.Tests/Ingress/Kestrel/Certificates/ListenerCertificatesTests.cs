using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Ingress.Kestrel.Certificates;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Kestrel.Certificates;

public sealed class ListenerCertificatesTests
{
    [Fact]
    public void All_EachEndpoint_HasItsOwnOrTheDefault()
    {
        using var own = new TestCertificate();
        using var shared = new TestCertificate();

        var certificates = Of(
            ("Endpoints:Plain:Url", "http://*:80"),
            ("Endpoints:Own:Url", "HTTPS://*:443"),
            ("Endpoints:Own:Certificate:Path", own.Path),
            ("Endpoints:Own:Certificate:KeyPath", own.KeyPath),
            ("Endpoints:Other:Url", "https://*:444"),
            ("Certificates:Default:Path", shared.Path),
            ("Certificates:Default:KeyPath", shared.KeyPath));

        Assert.Equal(
            [("Other", null, shared.Hash), ("Own", null, own.Hash)],
            certificates.Select(c => (c.Endpoint, c.ServerName, c.Thumbprint)).OrderBy(c => c.Endpoint));
        Assert.All(certificates, c => Assert.Equal("127.0.0.1", c.Subject));
    }

    [Fact]
    public void All_ServerNames_EachHasItsOwn_AndTheEndpointsIsForTheRest()
    {
        using var named = new TestCertificate();
        using var rest = new TestCertificate();
        (string, string)[] settings =
        [
            ("Endpoints:A:Url", "https://*:443"),
            ("Endpoints:A:Certificate:Path", rest.Path),
            ("Endpoints:A:Sni:proofs.example:Certificate:Path", named.Path),
        ];

        Assert.Equal([("proofs.example", named.Hash)], Of(settings).Select(c => (c.ServerName, c.Thumbprint)));
        Assert.Equal(
            [(null, rest.Hash), ("proofs.example", named.Hash)],
            Of([.. settings, ("Endpoints:A:Sni:*:Protocols", "Http1")]).Select(c => (c.ServerName, c.Thumbprint)));
    }

    [Fact]
    public void All_Pkcs12WithPassword_IsRead()
    {
        using var directory = new TemporaryDirectory();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=old name", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("proofs.example");
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(
            new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), new DateTimeOffset(2027, 1, 2, 3, 4, 5, TimeSpan.Zero));
        File.WriteAllBytes(directory.File("a.pfx"), made.Export(X509ContentType.Pkcs12, "a password"));

        var certificate = Assert.Single(Of(
            ("Endpoints:A:Url", "https://*:443"),
            ("Endpoints:A:Certificate:Path", directory.File("a.pfx")),
            ("Endpoints:A:Certificate:Password", "a password")));

        Assert.Equal("proofs.example", certificate.Subject);
        Assert.Equal(
            (made.NotBefore.ToUniversalTime(), made.NotAfter.ToUniversalTime()),
            (certificate.NotBefore.UtcDateTime, certificate.NotAfter.UtcDateTime));
    }

    [Fact]
    public void All_CannotBeRead_IsMissing()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory.File("a.pem"), "no certificate");

        Assert.Empty(Of(("Endpoints:A:Url", "https://*:443"), ("Endpoints:A:Certificate:Path", directory.File("a.pem"))));
        Assert.Empty(Of(("Endpoints:A:Url", "https://*:443"), ("Endpoints:A:Certificate:Path", directory.File("gone.pem"))));
        Assert.Empty(Of(("Endpoints:A:Url", "https://*:443"), ("Endpoints:A:Certificate:Subject", "nobody has this name")));
    }

    [Fact]
    public async Task Health_ShowsTheCertificateThatClientsAreShown()
    {
        using var certificate = new TestCertificate();
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave.Simulated,
            "Kestrel:Endpoints:Secure:Url=https://127.0.0.1:0",
            $"Kestrel:Endpoints:Secure:Certificate:Path={certificate.Path}",
            $"Kestrel:Endpoints:Secure:Certificate:KeyPath={certificate.KeyPath}");

        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(proxy.Uri.Host, proxy.Uri.Port);
        await using var tls = new SslStream(client.GetStream(), false, (_, seen, _, _) => seen?.GetCertHashString() == certificate.Hash);
        await tls.AuthenticateAsClientAsync("127.0.0.1");
        var shown = (await proxy.HealthAsync()).GetProperty("certificates").EnumerateArray().Single();

        Assert.Equal(("Secure", "127.0.0.1"), (shown.GetProperty("endpoint").GetString(), shown.GetProperty("subject").GetString()));
        Assert.Equal(
            new X509Certificate2(tls.RemoteCertificate!).NotAfter.ToUniversalTime(),
            shown.GetProperty("notAfter").GetDateTimeOffset().UtcDateTime);
        Assert.Matches("Secure</th>.*127.0.0.1.*for 23 h", await proxy.Admin.GetStringAsync("/"));
    }

    /// <summary>A configuration with these settings of section <c>Kestrel</c>.</summary>
    internal static IConfiguration Sections(params (string Key, string Value)[] settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(s => KeyValuePair.Create($"Kestrel:{s.Key}", (string?)s.Value)))
            .Build();

    private static IReadOnlyList<ListenerCertificate> Of(params (string Key, string Value)[] settings) =>
        new ListenerCertificates(Sections(settings), TimeProvider.System, NullLogger.Instance).All;
}
