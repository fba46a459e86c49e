using ParentProxy.Tests.Hosting;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Commands;

/// <summary><c>parent-proxy check</c>.</summary>
public sealed class CheckTests
{
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
                        { "Listen": "0.0.0.0:8443", "Port": 443, "Sni": { "a.example": "enclave://a", "default": "reject" } },
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
              a.example       enclave://a  vsock://16:443
              any other name  closed

            Passthrough unix:/run/x.sock
              all  vsock://18:5432

            Enclaves
              0    a                        vsock://16:6300
              1    b                        vsock://17:6300
              c/d  ReverseProxy:Clusters:c  tcp://127.0.0.1:81

            Other settings that are not at their defaults
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
        Assert.Contains("  all  enclave://proof-server  none until discovery finds one", process.Out.All);
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
    public async Task CertificateAndVariableThatAreNone_AreNamed()
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory.File("broken.pem"), "no certificate");
        await using var process = ProxyProcess.Start(
            new ProxyStart
            {
                Configuration = """{ "Enclaves": [ { "Transport": "unix", "Path": "/nonexistent" } ] }""",
                Environment = new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "collector:4317" },
            },
            "check",
            "--Kestrel:Endpoints:Https:Url=https://127.0.0.1:8443",
            $"--Kestrel:Endpoints:Https:Certificate:Path={directory.File("broken.pem")}");

        Assert.Equal(1, await process.ExitAsync());
        Assert.All(
            ["OTEL_EXPORTER_OTLP_ENDPOINT: it does not begin with http", "Kestrel:Endpoints:Https:Certificate: it holds no certificate"],
            problem => Assert.Single(process.Error.All, line => line.StartsWith($"  {problem}", StringComparison.Ordinal)));
    }
}
