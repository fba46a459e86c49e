using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ParentProxy.Tests.Hosting;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Commands;

/// <summary><c>parent-proxy check</c>.</summary>
public sealed class CheckTests
{
    private const string Enclave = """{ "Enclaves": [ { "Transport": "unix", "Path": "/nonexistent" } ] }""";

    [Fact]
    public async Task GoodConfiguration_Is0AndSaysWhatItComesTo()
    {
        await using var process = ProxyProcess.Start(
            new ProxyStart
            {
                Configuration = """
                    {
                      "Enclaves": [
                        { "Id": "0", "Name": "a", "Cid": 16, "Port": 6300 },
                        { "Id": "1", "Name": "b", "Cid": 17, "Port": 6300 }
                      ],
                      "Passthrough": [
                        { "Listen": "0.0.0.0:8443", "Port": 443, "Sni": { "a.example": "enclave://a", "default": "reject" },
                          "ProxyProtocol": { "Send": "v2" }, "MaxConnections": 500 },
                        { "Listen": "unix:/run/x.sock", "To": "vsock://18:5432" }
                      ],
                      "ReverseProxy": {
                        "Routes": { "r": { "ClusterId": "c", "Match": { "Path": "/{**rest}" } } },
                        "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:81" } } } }
                      },
                      "Timeouts": { "Drain": "00:01:00" }
                    }
                    """,
            },
            "check",
            "--Admin:MetricsUrl=http://127.0.0.1:9465");

        Assert.Equal(0, await process.ExitAsync());
        Assert.Empty(process.Error.All);
        Assert.Equal(
            $"""
            The configuration ({process.ConfigFile}) has no mistakes.

            Listeners
              http://0.0.0.0:6300    HTTP (Kestrel:Endpoints:Http)
              0.0.0.0:8443           passthrough
              unix:/run/x.sock       passthrough
              http://127.0.0.1:9464  status page, health and metrics (Admin:Url)
              http://127.0.0.1:9465  metrics (Admin:MetricsUrl)

            Passthrough 0.0.0.0:8443
              a.example                enclave://a  vsock://16:443
              any other name, or none  closed
              ProxyProtocol:Send       v2
              MaxConnections           500

            Passthrough unix:/run/x.sock
              all  vsock://18:5432

            Enclaves
              0    a                        vsock://16:6300
              1    b                        vsock://17:6300
              c/d  ReverseProxy:Clusters:c  tcp://127.0.0.1:81

            Other settings that differ from the default
              Admin:MetricsUrl                                http://127.0.0.1:9465
              ReverseProxy:Routes:r:RouteId                   r
              ReverseProxy:Routes:r:Match:Path                /{"{"}**rest{"}"}
              ReverseProxy:Routes:r:ClusterId                 c
              ReverseProxy:Clusters:c:ClusterId               c
              ReverseProxy:Clusters:c:Destinations:d:Address  tcp://127.0.0.1:81
              Timeouts:Drain                                  00:01:00
            """,
            string.Join('\n', process.Out.All));
    }

    [Fact]
    public async Task DiscoveryAlone_SaysHowEnclavesAreFound()
    {
        await using var process = ProxyProcess.Start(
            new ProxyStart
            {
                Configuration = """
                    { "Discovery": { "Enabled": true, "EnclaveName": "proof*" },
                      "Passthrough": [ { "Listen": "127.0.0.1:8443", "To": "enclave://proof-server" } ] }
                    """,
            },
            "check");

        Assert.Equal(0, await process.ExitAsync());
        Assert.Contains("  discovery  proof*  port 6300, by /usr/bin/nitro-cli", process.Out.All);
        Assert.Contains("  all  enclave://proof-server  what discovery finds", process.Out.All);
    }

    [Fact]
    public async Task Egress_SaysWhoMayReachWhat()
    {
        await using var process = ProxyProcess.Start(
            new ProxyStart
            {
                Configuration = """
                    {
                      "Egress": {
                        "Allow": [ { "Cids": [16, 17], "Enclaves": ["proof*"], "Hosts": ["*.example.com:443", "10.1.2.3:*"] },
                                   { "Hosts": ["a.example:443"] } ],
                        "Deny": [ { "Cids": [18], "Hosts": ["*:*"] } ],
                        "Forwards": [ { "Listen": "vsock://any:8443", "To": "A.example:443" } ],
                        "Connect": { "Listen": "unix:/nonexistent/x", "Peer": { "Cid": 16, "Enclave": "proof-server" } },
                        "Dns": { "Listen": "vsock://any:53", "Upstreams": ["10.0.0.2"] },
                        "Logs": { "Listen": "vsock://any:8011" },
                        "Time": { "Listen": "vsock://any:123" },
                        "Files": [ { "Listen": "vsock://any:9100", "Path": "/etc/app/config.json", "Enclaves": ["proof-server"] } ],
                        "IdleTimeout": "00:01:00"
                      }
                    }
                    """,
            },
            "check");

        Assert.Equal(0, await process.ExitAsync());
        Assert.Equal(
            $"""
            The configuration ({process.ConfigFile}) has no mistakes.

            Listeners
              http://0.0.0.0:6300    HTTP (Kestrel:Endpoints:Http)
              unix:/nonexistent/x    egress, HTTP proxy                                  as proof-server (CID 16)
              vsock://any:53         egress, names
              vsock://any:8011       egress, log lines of enclaves
              vsock://any:123        egress, clock
              vsock://any:8443       egress, to a.example:443
              vsock://any:9100       egress, file /etc/app/config.json for proof-server
              http://127.0.0.1:9464  status page, health and metrics (Admin:Url)

            Egress
              Egress:Deny:0   refused  CID 18                *:*
              Egress:Allow:0  allowed  proof* at CID 16, 17  *.example.com:443, 10.1.2.3:*
              Egress:Allow:1  allowed  every enclave         a.example:443

            Other settings that differ from the default
              Egress:Dns:Upstreams  10.0.0.2:53
              Egress:IdleTimeout    00:01:00
            """,
            string.Join('\n', process.Out.All));
    }

    [Fact]
    public async Task Mistakes_Is1WithAllOfThem()
    {
        await using var process = ProxyProcess.Start(
            new ProxyStart
            {
                Configuration = """{ "Passthrough": [ { "Listen": "8443", "To": "vsock://0:1" } ], "Timeouts": { "Drain": "soon" } }""",
            },
            "check");

        Assert.Equal(1, await process.ExitAsync());
        Assert.Empty(process.Out.All);
        Assert.Contains("has 4 mistakes", process.Error.All[0], StringComparison.Ordinal);
        Assert.All(
            ["Passthrough:0:Listen", "Passthrough:0:To", "Timeouts:Drain", "Enclaves"],
            path => Assert.Single(process.Error.All, line => line.StartsWith($"  {path}: ", StringComparison.Ordinal)));
    }

    // What run finds only when it starts.
    [Fact]
    public async Task VariableOfTheCollector_IsLookedAt()
    {
        await using var process = ProxyProcess.Start(
            new ProxyStart
            {
                Configuration = Enclave,
                Environment = new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "collector:4317" },
            },
            "check");

        Assert.Equal(1, await process.ExitAsync());
        Assert.Contains("  OTEL_EXPORTER_OTLP_ENDPOINT: it does not begin with http", process.Error.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Kestrel finds it when it binds, which <c>check</c> does not come to.</summary>
    [Theory]
    [InlineData("Certificate: ", "it holds no certificate", "https", "broken.pem")]
    [InlineData("Certificate: ", "it holds no private key", "https", "cert.pem")]
    [InlineData("Certificate: ", "the private key is not that of the certificate", "https", "cert.pem", "KeyPath", "other.key")]
    [InlineData("Certificate: ", "it is not for servers", "https", "client.pem", "KeyPath", "client.key")]
    [InlineData("Certificate:Subject (command line): ", "leave one of them out", "https", "cert.pem", "Subject", "a.example")]
    [InlineData("Certificate (command line): ", "is for https alone", "http", "cert.pem", "KeyPath", "cert.key")]
    public async Task Certificate_NoListenerOpensWith_IsRefusedByCheckAndRunAlike(
        string key, string reason, string scheme, string file, string? other = null, string value = "")
    {
        using var directory = new TemporaryDirectory();
        using var certificate = new TestCertificate(until: DateTimeOffset.UtcNow.AddYears(1));
        using var another = new TestCertificate();
        File.WriteAllText(directory.File("broken.pem"), "no certificate");
        File.Copy(certificate.Path, directory.File("cert.pem"));
        File.Copy(certificate.KeyPath, directory.File("cert.key"));
        File.Copy(another.KeyPath, directory.File("other.key"));
        WriteClientCertificate(directory.File("client.pem"), directory.File("client.key"));
        string[] settings =
        [
            "--Admin:Url=http://127.0.0.1:0",
            $"--Kestrel:Endpoints:Front:Url={scheme}://127.0.0.1:0",
            $"--Kestrel:Endpoints:Front:Certificate:Path={directory.File(file)}",
            .. other is null
                ? Array.Empty<string>()
                : [$"--Kestrel:Endpoints:Front:Certificate:{other}={(other == "KeyPath" ? directory.File(value) : value)}"],
        ];

        await using var check = ProxyProcess.Start(new ProxyStart { Configuration = Enclave }, ["check", .. settings]);
        Assert.Equal(1, await check.ExitAsync());
        var line = Assert.Single(check.Error.All.Skip(1));
        Assert.StartsWith($"  Kestrel:Endpoints:Front:{key}", line, StringComparison.Ordinal);
        Assert.Contains(reason, line, StringComparison.Ordinal);

        await using var run = ProxyProcess.Start(new ProxyStart { Configuration = Enclave }, ["run", .. settings]);
        Assert.Equal(78, await run.ExitAsync());
        Assert.DoesNotContain("   at ", run.Error.ToString(), StringComparison.Ordinal);
    }

    private static void WriteClientCertificate(string path, string keyPath)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=client", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddYears(1));
        File.WriteAllText(path, certificate.ExportCertificatePem());
        File.WriteAllText(keyPath, key.ExportPkcs8PrivateKeyPem());
    }
}
