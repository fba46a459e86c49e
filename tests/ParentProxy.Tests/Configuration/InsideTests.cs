using ParentProxy.Configuration;
using ParentProxy.Configuration.Sections;
using ParentProxy.Endpoints;

namespace ParentProxy.Tests.Configuration;

/// <summary>The settings of the program inside an enclave.</summary>
public sealed class InsideTests
{
    /// <summary>Frozen: images rely on every one of them, and docs/enclave.md lists them, too.</summary>
    private const string Known = """
        Enclave
        Enclave:Application Enclave:Application:Command Enclave:Application:Ready Enclave:Application:ReadyTimeout
        Enclave:Application:Restart Enclave:Application:RestartDelay Enclave:Application:User
        Enclave:Connect Enclave:Connect:Listen Enclave:Connect:To
        Enclave:ConnectTimeout
        Enclave:Dns Enclave:Dns:CacheEntries Enclave:Dns:Listen Enclave:Dns:ResolvConf Enclave:Dns:Timeout Enclave:Dns:To
        Enclave:Forwards Enclave:Forwards:*:Listen Enclave:Forwards:*:To
        Enclave:HalfCloseTimeout Enclave:IdleTimeout
        Enclave:Ingress Enclave:Ingress:*:Listen Enclave:Ingress:*:ProxyProtocol Enclave:Ingress:*:ProxyProtocol:Accept
        Enclave:Ingress:*:ProxyProtocol:Send Enclave:Ingress:*:ProxyProtocol:TrustedSources Enclave:Ingress:*:To
        Enclave:Logs Enclave:Logs:BufferBytes Enclave:Logs:Console Enclave:Logs:MaxLineBytes Enclave:Logs:To
        Enclave:MaxConnections Enclave:SetUpLoopback
        Enclave:Status Enclave:Status:Listen
        Enclave:StopTimeout
        Enclave:Time Enclave:Time:Adjust Enclave:Time:Interval Enclave:Time:StepThreshold Enclave:Time:To
        Enclave:Transparent Enclave:Transparent:Hosts Enclave:Transparent:HostsFile Enclave:Transparent:To
        Log Log:Format
        Serilog Serilog:MinimumLevel Serilog:MinimumLevel:Default Serilog:MinimumLevel:Override
        Vsock Vsock:BufferBytes Vsock:MaxWriteBytes Vsock:ToHost
        """;

    private static readonly string[] Ingress = ["--Enclave:Ingress:0:Listen=vsock://any:6300", "--Enclave:Ingress:0:To=127.0.0.1:6300"];

    /// <summary>Every key that there is.</summary>
    internal static IReadOnlyCollection<string> Keys => Known.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);

    [Fact]
    public void Keys_AreThoseThatWereDecided() => Assert.Equal(
        Keys.Order(StringComparer.Ordinal), InsideSchema.Keys.All.Where(key => InsideSchema.SectionNames.Contains(key.Split(':')[0])));

    [Fact]
    public void Ingress_IsRead()
    {
        var ingress = Assert.Single(Accept(Ingress).Ingress);

        Assert.Equal("vsock://any:6300", ingress.Listen.Text);
        Assert.Equal(EnclaveEndpoint.Tcp("127.0.0.1", 6300), ingress.To);
    }

    [Fact]
    public void WhatIsNotNamed_IsNotDone()
    {
        var options = Accept(Ingress);

        Assert.Equal(
            (null, null, null, null, null, null, null),
            (options.Connect, options.Dns, options.Transparent, options.Logs, options.Time, options.Status, options.Application));
    }

    [Fact]
    public void Everything_InAFile_IsRead()
    {
        var options = Accept("""
            {
              "Enclave": {
                "Ingress": [ { "Listen": "vsock://any:1", "To": "unix:/run/app.sock", "ProxyProtocol": { "Accept": "required", "Send": "v2" } } ],
                "Connect": { "To": "vsock://3:3128" },
                "Forwards": [ { "Listen": "127.0.0.1:8443", "To": "vsock://3:443" } ],
                "Transparent": { "Hosts": [ "a.example:443", "b.example:5432" ], "To": "vsock://3:3128" },
                "Dns": { "To": "vsock://3:53", "Listen": [ "127.0.0.1:53" ], "ResolvConf": "" },
                "Time": { "To": "vsock://3:123", "Adjust": "step" },
                "Logs": { "To": "vsock://3:8011", "Console": true },
                "Status": { "Listen": "vsock://any:9101" },
                "Application": { "Command": [ "/app", "", "--x" ], "Ready": "http://127.0.0.1:8080/up?a", "Restart": "on-failure", "User": "app" }
              },
              "Vsock": { "MaxWriteBytes": 4096 }
            }
            """);

        Assert.Equal(ProxyProtocolSend.V2, options.Ingress[0].ProxyProtocol.Send);
        Assert.Equal("127.0.0.1:3128", options.Connect!.Listen.Text);
        Assert.Equal(["a.example:443", "b.example:5432"], options.Transparent!.Hosts.Select(host => host.ToString()));
        Assert.Equal(("127.0.0.1:53", null), (Assert.Single(options.Dns!.Listen).Text, options.Dns.ResolvConf));
        Assert.Equal(ClockAdjustment.Step, options.Time!.Adjust);
        Assert.Equal(["/app", "", "--x"], options.Application!.Command);
        Assert.Equal("http://127.0.0.1:8080/up?a", options.Application.Ready!.ToString());
        Assert.Equal(RestartPolicy.OnFailure, options.Application.Restart);
    }

    [Theory]
    [InlineData("vsock://3:3128")]
    [InlineData("vsock://5:4128", "--Enclave:Connect:To=vsock://5:4128")]
    [InlineData("vsock://3:1", "--Enclave:Connect:To=vsock://5:4128", "--Enclave:Transparent:To=vsock://3:1")]
    public void Transparent_GoesWhereConnectGoes_UnlessItIsToldOtherwise(string expected, params string[] settings) =>
        Assert.Equal(expected, Accept(["--Enclave:Transparent:Hosts:0=a.example:443", .. settings]).Transparent!.To.ToString());

    [Theory]
    [InlineData("Enclave: there is nothing to do", "--Log:Format=text")]
    [InlineData("Enclave:Ingress:0:To (command line): is missing", "--Enclave:Ingress:0:Listen=vsock://any:1")]
    [InlineData("Enclave:Ingress:0:Listen (command line): is missing: where the parent connects", "--Enclave:Ingress:0:To=127.0.0.1:1")]
    [InlineData("is not the application's", "--Enclave:Ingress:0:Listen=vsock://any:1", "--Enclave:Ingress:0:To=vsock://3:1")]
    [InlineData("'app' is a name; inside", "--Enclave:Ingress:0:Listen=vsock://any:1", "--Enclave:Ingress:0:To=app:1")]
    [InlineData("'app' is a name; inside", "--Enclave:Application:Ready=http://app/x", "--Enclave:Application:Command:0=/a")]
    [InlineData("port 0 cannot be dialled", "--Enclave:Ingress:0:Listen=vsock://any:0", "--Enclave:Ingress:0:To=127.0.0.1:1")]
    [InlineData("an enclave listens on every CID", "--Enclave:Ingress:0:Listen=vsock://16:1", "--Enclave:Ingress:0:To=127.0.0.1:1")]
    [InlineData("is none of vsock://any:PORT, IP:PORT", "--Enclave:Connect:Listen=localhost:1", "--Enclave:Connect:To=vsock://3:1")]
    [InlineData("vsock://any:9 is listened on by Enclave:Ingress:0:Listen", "--Enclave:Ingress:0:Listen=vsock://any:9",
        "--Enclave:Ingress:0:To=127.0.0.1:1", "--Enclave:Status:Listen=vsock://any:9")]
    [InlineData("is an address; names alone", "--Enclave:Transparent:Hosts:0=10.0.0.1:443", "--Enclave:Transparent:To=vsock://3:1")]
    [InlineData("is missing: names with ports", "--Enclave:Transparent:To=vsock://3:1")]
    [InlineData("is no address that resolvers ask", "--Enclave:Dns:To=vsock://3:53", "--Enclave:Dns:Listen:0=vsock://any:53")]
    [InlineData("has to hold 4 at least", "--Enclave:Logs:To=vsock://3:1", "--Enclave:Logs:BufferBytes=65536", "--Enclave:Logs:MaxLineBytes=16385",
        "--Enclave:Status:Listen=vsock://any:9")]
    [InlineData("0.0.0.0:53 is every address", "--Enclave:Dns:To=vsock://3:53", "--Enclave:Dns:Listen:0=0.0.0.0:53")]
    [InlineData("[::]:53 is every address", "--Enclave:Dns:To=vsock://3:53", "--Enclave:Dns:Listen:0=[::]:53")]
    [InlineData("is missing: program and arguments", "--Enclave:Application:Ready=127.0.0.1:1", "--Enclave:Status:Listen=vsock://any:9")]
    [InlineData("is none of never, onfailure, always", "--Enclave:Application:Restart=sometimes", "--Enclave:Application:Command:0=/a")]
    [InlineData("is none of http://HOST:PORT/PATH", "--Enclave:Application:Ready=vsock://3:1", "--Enclave:Application:Command:0=/a")]
    [InlineData("is for the parent; inside an enclave there are Enclave, Log, Serilog and Vsock", "--Egress:Dns:Listen=vsock://any:53")]
    [InlineData("unknown key", "--Enclave:Dnss:To=vsock://3:53")]
    public void Mistakes_AreNamed(string said, params string[] settings)
    {
        var result = ConfigurationLoader.LoadInside(TestConfiguration.Sources(settings));

        Assert.Null(result.Options);
        Assert.Contains(result.Problems, problem => problem.ToString().Contains(said, StringComparison.Ordinal));
    }

    [Fact]
    public void Mistakes_ComeAllAtOnce() => Assert.Equal(
        3,
        ConfigurationLoader.LoadInside(TestConfiguration.Sources(
            "--Enclave:Dns:To=vsock://3", "--Enclave:StopTimeout=x", "--Enclave:Ingress:0:To=127.0.0.1:1")).Problems.Count);

    [Fact]
    public void Enclave_InTheProxysFile_IsRefusedWithAHint() => Assert.Contains(
        TestConfiguration.Refuse(TestConfiguration.WithEnclave(""" "Enclave": { "Ingress": [] } """)),
        problem => problem.Contains("parent-proxy enclave", StringComparison.Ordinal));

    [Fact]
    public void Variables_AreRead() =>
        Assert.NotNull(Accept([.. Ingress, "Enclave__Dns__To=vsock://3:53"]).Dns);

    /// <summary>The environment is the application's, too.</summary>
    [Theory]
    [InlineData("LOG__LEVEL=info")]
    [InlineData("Serilog__WriteTo__0__Name=Seq")]
    [InlineData("Kestrel__Endpoints__Http__Url=http://0.0.0.0:8080")]
    [InlineData("PARENTPROXY_SOMETHING=1")]
    public void Variables_OfTheApplication_AreNotJudged(string variable)
    {
        var result = ConfigurationLoader.LoadInside(TestConfiguration.Sources([.. Ingress, variable]));

        Assert.Equal([], result.Problems.Concat(result.Warnings).Select(problem => problem.ToString()));
    }

    [Theory]
    [InlineData("localhost:6300")]
    [InlineData("tcp://localhost:6300")]
    public void Localhost_IsAnAddress(string to) => Assert.Equal(
        EnclaveEndpoint.Tcp("127.0.0.1", 6300),
        Accept("--Enclave:Ingress:0:Listen=vsock://any:6300", $"--Enclave:Ingress:0:To={to}").Ingress[0].To);

    private static InsideOptions Accept(params string[] settings) =>
        Accept(ConfigurationLoader.LoadInside(TestConfiguration.Sources(settings)));

    private static InsideOptions Accept(string json)
    {
        var file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.json");
        File.WriteAllText(file, json);
        try
        {
            return Accept(ConfigurationLoader.LoadInside(TestConfiguration.Sources() with { ConfigFile = file }));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static InsideOptions Accept(ConfigurationResult<InsideConfiguration> result)
    {
        Assert.Equal([], result.Problems.Select(problem => problem.ToString()));
        return result.Options!.Enclave;
    }
}
