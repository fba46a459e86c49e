using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using ParentProxy.Tests.Hosting;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Commands;

/// <summary><c>parent-proxy check</c>.</summary>
public sealed class CheckTests
{
    /// <summary>What stands there whatever is configured.</summary>
    private const string Limits = """
        Limits and time-outs
          Limits:MaxConnections               10000         default
          Limits:MaxRequestBodyBytes          not set       default
          Limits:RateLimits:0:Path            /attestation  default
          Limits:RateLimits:0:Window          00:00:01      default
          Limits:RateLimits:0:PerClient       5             default
          Limits:RateLimits:0:PerClientBurst  10            default
          Limits:RateLimits:0:Total           50            default
          Limits:RateLimits:0:TotalBurst      100           default
          Routing:MaxConnectionsPerEnclave    256           default
          Routing:MaxTunnelsPerEnclave        1024          default
          Routing:MaxQueuedPerEnclave         1024          default
          Routing:QueueTimeout                00:00:05      default
          Routing:MaxDialsPerEnclave          4             default
          Timeouts:Connect                    00:00:02      default
          Timeouts:ResponseHead               00:15:00      default
          Timeouts:Idle                       00:05:00      default
          Timeouts:Tunnel                     01:00:00      default
          Timeouts:DrainDelay                 00:00:01      default
        """;

    private const string Enclave = """{ "Enclaves": [ { "Transport": "unix", "Path": "/nonexistent" } ] }""";

    [Fact]
    public async Task GoodConfiguration_Is0AndSaysWhatItComesToAndWhereItComesFrom()
    {
        var (front, passthrough, admin, metrics) = (FreePort.Released(), FreePort.Released(), FreePort.Released(), FreePort.Released());
        using var directory = new TemporaryDirectory();
        var socket = directory.File("x.sock");
        await using var process = ProxyProcess.Start(
            new ProxyStart
            {
                Environment = new Dictionary<string, string> { ["PARENTPROXY_ENCLAVE_1_CID"] = "17" },
                Configuration = $$"""
                    {
                      "Kestrel": { "Endpoints": { "Http": { "Url": "http://127.0.0.1:{{front}}" } } },
                      "Enclaves": [
                        { "Id": "0", "Name": "a", "Cid": 16, "Port": 6300 },
                        { "Id": "1", "Name": "b", "Cid": 99, "Port": 6300 }
                      ],
                      "Passthrough": [
                        { "Listen": "127.0.0.1:{{passthrough}}", "Port": 443, "Sni": { "a.example": "enclave://a", "default": "reject" },
                          "ProxyProtocol": { "Send": "v2" }, "MaxConnections": 500 },
                        { "Listen": "unix:{{socket}}", "To": "vsock://18:5432" }
                      ],
                      "ReverseProxy": {
                        "Routes": { "r": { "ClusterId": "c", "Match": { "Path": "/x/{**rest}" } } },
                        "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:81" } } } }
                      },
                      "Timeouts": { "Drain": "00:01:00" }
                    }
                    """,
            },
            "check",
            $"--Admin:Url=http://127.0.0.1:{admin}",
            $"--Admin:MetricsUrl=http://127.0.0.1:{metrics}");

        Assert.Equal(0, await process.ExitAsync());
        Assert.Empty(process.Error.All);
        Assert.Equal(
            $"""
            The configuration ({process.ConfigFile}) has no mistakes.

            Listeners
              http://127.0.0.1:{front}{Gap(socket, 17)}  HTTP (Kestrel:Endpoints:Http)                  free
              127.0.0.1:{passthrough}{Gap(socket, 10)}  passthrough (Passthrough:0:Listen)             free
              unix:{socket}  passthrough (Passthrough:1:Listen)             free
              http://127.0.0.1:{admin}{Gap(socket, 17)}  status page, health and metrics (Admin:Url)    free
              http://127.0.0.1:{metrics}{Gap(socket, 17)}  metrics (Admin:MetricsUrl)                     free

            Passthrough 127.0.0.1:{passthrough}
              a.example                enclave://a  vsock://16:443
              any other name, or none  closed
              ProxyProtocol:Send       v2
              MaxConnections           500

            Passthrough unix:{socket}
              all  vsock://18:5432

            Enclaves
              0    a                        vsock://16:6300     from the file
              1    b                        vsock://17:6300     Cid from PARENTPROXY_ENCLAVE_1_CID, the rest from the file
              c/d  ReverseProxy:Clusters:c  tcp://127.0.0.1:81

            Routes
              r  /x/{"{"}**rest{"}"}      cluster c
                 everything else  Enclaves

            {Limits}
              Timeouts:Drain                      00:01:00      file

            Other settings that differ from the default
              Admin:Url                                       http://127.0.0.1:{admin}  command line
              Admin:MetricsUrl                                http://127.0.0.1:{metrics}  command line
              Kestrel:Endpoints:Http:Url                      http://127.0.0.1:{front}  file
              ReverseProxy:Routes:r:RouteId                   r                       file
              ReverseProxy:Routes:r:Match:Path                /x/{"{"}**rest{"}"}             file
              ReverseProxy:Routes:r:ClusterId                 c                       file
              ReverseProxy:Clusters:c:ClusterId               c                       file
              ReverseProxy:Clusters:c:Destinations:d:Address  tcp://127.0.0.1:81      file
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
        using var directory = new TemporaryDirectory();
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
        // What this machine has to say of the ports is its own business.
        var lines = process.Out.All.ToList();
        Assert.Contains(
            "  Warning: Egress (unix:/nonexistent/x): ENOENT: the folder /nonexistent does not exist: mkdir -p /nonexistent, "
                + "or RuntimeDirectory= in a drop-in of the unit when it is below /run",
            lines);
        Assert.All(
            [
                "  unix:/nonexistent/x    egress, HTTP proxy                                  as proof-server (CID 16)  ENOENT: ",
                "  vsock://any:53         egress, names ",
                "  vsock://any:8011       egress, log lines of enclaves ",
                "  vsock://any:123        egress, clock ",
                "  vsock://any:8443       egress, to a.example:443 ",
                "  vsock://any:9100       egress, file /etc/app/config.json for proof-server ",
            ],
            start => Assert.Single(lines, line => line.StartsWith(start, StringComparison.Ordinal)));
        Assert.Equal(
            [
                "Egress",
                "  Egress:Deny:0   refused  CID 18                *:*",
                "  Egress:Allow:0  allowed  proof* at CID 16, 17  *.example.com:443, 10.1.2.3:*",
                "  Egress:Allow:1  allowed  every enclave         a.example:443",
            ],
            lines.SkipWhile(line => line != "Egress").Take(4));
        Assert.Equal(
            ["  Egress:Dns:Upstreams  10.0.0.2:53  file", "  Egress:IdleTimeout    00:01:00     file"], lines.TakeLast(2));
    }

    [Fact]
    public async Task SeveralFiles_AreJudgedEachByItself()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory.File("good.json"), Enclave);
        File.WriteAllText(directory.File("bad.json"), """{ "Timeouts": { "Drain": "soon" } }""");

        await using var process = ProxyProcess.Start(new ProxyStart(), "check", directory.File("good.json"), directory.File("bad.json"));

        Assert.Equal(1, await process.ExitAsync());
        Assert.Contains($"The configuration ({directory.File("good.json")}) has no mistakes.", process.Out.All);
        Assert.Contains($"({directory.File("bad.json")}) has 2 mistakes", process.Error.All[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_SaysWhereEachValueComesFrom()
    {
        using var held = new FreePort();
        await using var process = ProxyProcess.Start(
            new ProxyStart
            {
                Configuration = """{ "Enclaves": [ { "Id": "0", "Cid": 99, "Port": 6300 } ], "Timeouts": { "Idle": "00:01:00" } }""",
                Environment = new Dictionary<string, string>
                {
                    ["PARENTPROXY_ENCLAVE_0_CID"] = "16",
                    ["Routing__MaxDialsPerEnclave"] = "5",
                },
            },
            "check",
            "--json",
            $"--Admin:Url=http://127.0.0.1:{held.Number}");

        Assert.Equal(0, await process.ExitAsync());
        var file = JsonDocument.Parse(process.Out.ToString()).RootElement.GetProperty("files")[0];
        var enclave = file.GetProperty("enclaves")[0];
        Assert.Equal("vsock://16:6300", enclave.GetProperty("endpoint").GetString());
        Assert.Equal(
            """{"Id":"file","Cid":"PARENTPROXY_ENCLAVE_0_CID","Port":"file"}""",
            JsonSerializer.Serialize(enclave.GetProperty("origins")));
        var origins = file.GetProperty("settings").EnumerateArray()
            .ToDictionary(setting => setting.GetProperty("path").GetString()!, setting => setting.GetProperty("origin").GetString());
        Assert.Equal(
            ["file", "default", "Routing__MaxDialsPerEnclave", "command line"],
            new[] { "Timeouts:Idle", "Timeouts:Drain", "Routing:MaxDialsPerEnclave", "Admin:Url" }.Select(path => origins[path]));
        Assert.Contains(
            file.GetProperty("listeners").EnumerateArray(),
            listener => listener.GetProperty("setting").GetString() == "Admin:Url" && listener.GetProperty("state").GetString() == "taken");
        Assert.Contains(
            file.GetProperty("warnings").EnumerateArray(),
            warning => warning.GetProperty("reason").GetString()!.Contains($"(pid {Environment.ProcessId})", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Enclave_IsShownWithItsStateItsWeightAndWhetherItIsABackup()
    {
        var start = new ProxyStart
        {
            Configuration = """
                { "Routing": { "LoadBalancing": "LeastRequests" },
                  "Enclaves": [ { "Id": "a", "Cid": 16, "Port": 1 },
                                { "Id": "b", "Cid": 17, "Port": 1, "Weight": 3, "State": "DRAIN", "Backup": true } ] }
                """,
        };

        await using var text = ProxyProcess.Start(start, "check");
        Assert.Equal(0, await text.ExitAsync());
        Assert.Matches("(?m)^  b  b  vsock://17:1, weight 3, drained, backup  from the file$", text.Out.ToString());

        await using var json = ProxyProcess.Start(start, "check", "--json");
        Assert.Equal(0, await json.ExitAsync());
        var enclaves = JsonDocument.Parse(json.Out.ToString()).RootElement.GetProperty("files")[0].GetProperty("enclaves");
        Assert.Equal(
            ["1 ready False", "3 drain True"],
            enclaves.EnumerateArray().Select(enclave => $"{enclave.GetProperty("weight")} {enclave.GetProperty("state")} "
                + $"{enclave.GetProperty("backup").GetBoolean()}"));
    }

    [Fact]
    public async Task PortsOfTheProxyThatRuns_AreItsOwn()
    {
        await using var running = await ProxyProcess.Run(Enclave).StartedAsync();

        await using var process = ProxyProcess.Start(
            new ProxyStart { Configuration = Enclave },
            "check",
            $"--Admin:Url={running.AdminUrl.GetLeftPart(UriPartial.Authority)}",
            $"--Kestrel:Endpoints:Http:Url={running.Url.GetLeftPart(UriPartial.Authority)}");

        Assert.Equal(0, await process.ExitAsync());
        Assert.Equal(2, process.Out.All.Count(line => line.Contains("the running proxy listens there", StringComparison.Ordinal)));
        Assert.DoesNotContain("Warning", process.Out.ToString(), StringComparison.Ordinal);
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

    /// <summary>What fills up to the width of the longest address, that of a socket.</summary>
    private static string Gap(string socket, int before) =>
        new(' ', "unix:".Length + socket.Length - before - "12345".Length);

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
