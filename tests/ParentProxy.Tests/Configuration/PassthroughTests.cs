using System.Net;
using System.Net.Sockets;
using ParentProxy.Configuration;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Configuration;

/// <summary>Section <c>Passthrough</c>: what it may say, and each mistake alone.</summary>
public sealed class PassthroughTests
{
    [Fact]
    public void Load_OnlyAddressAndTarget_HasTheDefaults()
    {
        var listener = One(""" "Listen": "0.0.0.0:8443", "To": "enclaves" """);

        Assert.Equal(IPEndPoint.Parse("0.0.0.0:8443"), listener.Listen.EndPoint);
        Assert.Equal(("enclaves", "*", null), (listener.To!.Text, listener.To.Pattern, listener.To.Endpoint));
        Assert.Equal((null, 10000, 0), (listener.Port, listener.MaxConnections, listener.MaxConnectionsPerSource));
        Assert.Equal(
            (TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5)),
            (listener.ConnectTimeout, listener.IdleTimeout, listener.HalfCloseTimeout, listener.StallTimeout, listener.PrereadTimeout));
        Assert.Equal(new ProxyProtocolOptions(), listener.ProxyProtocol);
        Assert.Equal((PassthroughLogMode.All, ProbeType.Connect), (listener.Log, listener.Probe));
        Assert.Empty(listener.Sni);
    }

    [Theory]
    [InlineData("127.0.0.1:8443", "127.0.0.1:8443")]
    [InlineData("127.0.0.1:08443", "127.0.0.1:8443")]
    [InlineData("127.0.0.1:0", "127.0.0.1:0")]
    [InlineData("[::]:8443", "[::]:8443")]
    [InlineData("[0:0:0:0:0:0:0:1]:443", "[::1]:443")]
    [InlineData("unix:/nonexistent/x.sock", "unix:/nonexistent/x.sock")]
    [InlineData("UNIX:/nonexistent/x.sock", "unix:/nonexistent/x.sock")]
    public void Load_Address_IsCalledAsItIsBound(string listen, string name) =>
        Assert.Equal(name, One($""" "Listen": "{listen}", "To": "enclaves" """).Listen.Text);

    [Theory]
    [InlineData("8443")]
    [InlineData(":8443")]
    [InlineData("*:8443")]
    [InlineData("localhost:8443")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("127.0.0.1:-1")]
    [InlineData("127.0.0.1:+1")]
    [InlineData("127.0.0.1: 80")]
    [InlineData("127.1:8443")]
    [InlineData("127.0.0.01:8443")]
    [InlineData("0x7f000001:8443")]
    [InlineData("::1")]
    [InlineData("::1:8443")]
    [InlineData("[::1]")]
    [InlineData("[::1]:")]
    [InlineData("[::1]8443")]
    [InlineData("tcp://127.0.0.1:8443")]
    [InlineData("vsock://3:8443")]
    public void Load_NoAddress_IsRefused(string listen) => AssertRefused(
        $""" "Listen": "{listen}", "To": "enclaves" """,
        "Passthrough:0:Listen",
        "is neither IP:PORT, like 0.0.0.0:8443 or [::]:8443, nor unix:PATH");

    [Theory]
    [InlineData("unix:", "path")]
    [InlineData("unix:relative.sock", "path")]
    public void Load_NoPathOfASocket_IsRefused(string listen, string reason) =>
        AssertRefused($""" "Listen": "{listen}", "To": "enclaves" """, "Passthrough:0:Listen", reason);

    [Fact]
    public void Load_PathThatIsNoSocket_IsRefusedAndLeftAlone()
    {
        using var directory = new TemporaryDirectory();
        var file = directory.File("data");
        File.WriteAllText(file, "precious");

        AssertRefused(
            $""" "Listen": "unix:{file}", "To": "enclaves" """, "Passthrough:0:Listen", "is an ordinary file and no socket, and left alone");
        AssertRefused($""" "Listen": "unix:{directory.Root}", "To": "enclaves" """, "Passthrough:0:Listen", "is a folder");
        Assert.Equal("precious", File.ReadAllText(file));
    }

    [Fact]
    public void Load_PathOfAnOldSocket_IsTaken()
    {
        using var directory = new TemporaryDirectory();
        using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
            socket.Bind(new UnixDomainSocketEndPoint(directory.File("old.sock")));

        Assert.Equal(
            directory.File("old.sock"), One($""" "Listen": "unix:{directory.File("old.sock")}", "To": "enclaves" """).Listen.SocketPath);
    }

    [Theory]
    [InlineData(""" "To": "enclaves" """, "Listen", "is missing")]
    [InlineData(""" "Listen": "127.0.0.1:1" """, "To", "is missing: where connections go")]
    [InlineData(""" "Listen": "127.0.0.1:1", "To": "reject" """, "To", "closes every connection")]
    [InlineData(""" "Listen": "127.0.0.1:1", "Sni": { "default": "reject" } """, "Sni:default", "closes every connection")]
    [InlineData(""" "Listen": "127.0.0.1:1", "To": "enclave://" """, "To", "names no enclave; write enclave://NAME")]
    [InlineData(""" "Listen": "127.0.0.1:1", "To": "enclave://x" """, "To", "names no enclave: no Id or Name in Enclaves matches 'x'")]
    [InlineData(""" "Listen": "127.0.0.1:1", "To": "16:443" """, "To", "names no target")]
    [InlineData(""" "Listen": "127.0.0.1:1", "To": "http://127.0.0.1:80" """, "To", "names no target")]
    [InlineData(""" "Listen": "127.0.0.1:1", "To": "vsock://0:443" """, "To", "CID")]
    [InlineData(""" "Listen": "127.0.0.1:1", "To": "tcp://127.0.0.1:65536" """, "To", "65536")]
    [InlineData(""" "Listen": "127.0.0.1:1", "To": "tcp://127.0.0.1:0" """, "To", "0")]
    [InlineData(""" "Listen": "127.0.0.1:1", "To": "tcp://127.0.0.1:80", "Port": 70000 """, "To", "70000")]
    [InlineData(""" "Listen": "127.0.0.1:1", "To": "enclaves", "Port": 0 """, "Port", "0")]
    [InlineData(""" "Listen": "127.0.0.1:1", "To": "enclaves", "Port": 4294967295 """, "Port", "4294967295")]
    [InlineData(
        """ "Listen": "127.0.0.1:1", "To": "enclaves", "Port": 70000 """,
        "To", "Port 70000 is no TCP port, and enclave tcp is on TCP")]
    [InlineData(""" "Listen": "127.0.0.1:1", "To": "enclaves", "Prot": 1 """, "Prot", "did you mean Port?")]
    [InlineData(""" "Listen": "127.0.0.1:1", "To": "enclaves", "ProxyProtocol": { "Akzept": "none" } """, "ProxyProtocol:Akzept", "")]
    [InlineData(
        """ "Listen": "127.0.0.1:1", "To": "enclaves", "ProxyProtocol": { "Accept": "v1" } """,
        "ProxyProtocol:Accept", "none, optional, required")]
    [InlineData(""" "Listen": "127.0.0.1:1", "To": "enclaves", "ProxyProtocol": { "Send": "v3" } """, "ProxyProtocol:Send", "none, v1, v2")]
    [InlineData(
        """ "Listen": "127.0.0.1:1", "To": "enclaves", "ProxyProtocol": { "Accept": "required", "TrustedSources": [ "10.0.0.1/8" ] } """,
        "ProxyProtocol:TrustedSources:0",
        "10.0.0.1/8")]
    [InlineData(""" "Listen": "127.0.0.1:1", "To": "enclaves", "Log": "some" """, "Log", "all, errors, off")]
    [InlineData(""" "Listen": "127.0.0.1:1", "To": "enclaves", "Probe": "ping" """, "Probe", "http, https, connect")]
    [InlineData(""" "Listen": "127.0.0.1:1", "To": "enclaves", "MaxConnections": 0 """, "MaxConnections", "0")]
    [InlineData(""" "Listen": "127.0.0.1:1", "To": "enclaves", "MaxConnectionsPerSource": -1 """, "MaxConnectionsPerSource", "-1")]
    [InlineData(""" "Listen": "127.0.0.1:1", "To": "enclaves", "ConnectTimeout": "0" """, "ConnectTimeout", "0")]
    [InlineData(""" "Listen": "127.0.0.1:1", "To": "enclaves", "IdleTimeout": "soon" """, "IdleTimeout", "soon")]
    [InlineData(""" "Listen": "127.0.0.1:1", "To": "enclaves", "HalfCloseTimeout": "-00:00:01" """, "HalfCloseTimeout", "-00:00:01")]
    [InlineData(""" "Listen": "127.0.0.1:1", "To": "enclaves", "StallTimeout": "00:00:00" """, "StallTimeout", "00:00:00")]
    [InlineData(""" "Listen": "127.0.0.1:1", "To": "enclaves", "PrereadTimeout": "5" """, "PrereadTimeout", "5")]
    [InlineData(""" "Listen": "127.0.0.1:1", "Sni": { "a.example": "enclave://x" } """, "Sni:a.example", "names no enclave")]
    [InlineData(""" "Listen": "127.0.0.1:1", "Sni": { "a..example": "enclaves" } """, "Sni:a..example", "is no server name")]
    [InlineData(""" "Listen": "127.0.0.1:1", "Sni": { "a.example.": "enclaves" } """, "Sni:a.example.", "is no server name")]
    [InlineData(""" "Listen": "127.0.0.1:1", "Sni": { "*": "enclaves" } """, "Sni:*", "is no server name")]
    [InlineData(""" "Listen": "127.0.0.1:1", "Sni": { "*a.example": "enclaves" } """, "Sni:*a.example", "is no server name")]
    [InlineData(""" "Listen": "127.0.0.1:1", "Sni": { "a.*.example": "enclaves" } """, "Sni:a.*.example", "is no server name")]
    [InlineData(""" "Listen": "127.0.0.1:1", "Sni": { "-a.example": "enclaves" } """, "Sni:-a.example", "is no server name")]
    [InlineData(""" "Listen": "127.0.0.1:1", "Sni": { "bücher.example": "enclaves" } """, "Sni:bücher.example", "is no server name")]
    [InlineData(
        """ "Listen": "127.0.0.1:1", "To": "enclaves", "Sni": { "default": "enclaves" } """,
        "Sni:default",
        "and so does To: leave one of them out")]
    public void Load_OneMistake_IsReportedAtItsPath(string entry, string path, string reason) =>
        AssertRefused(entry, $"Passthrough:0:{path}", reason);

    [Fact]
    public void Load_Targets_AreReadAsTheyAreMeant()
    {
        var listener = One(
            """
            "Listen": "127.0.0.1:1", "Port": 444, "Sni": { "A.example": "enclave://tcp", "*.b.example": "VSOCK://16:1",
                "u.example": "unix:///run/x.sock", "no.example": "reject", "Default": "enclave://*" }
            """);

        Assert.Equal("enclave://*", listener.To?.Text);
        Assert.Equal(["*.b.example", "A.example", "no.example", "u.example"], listener.Sni.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("tcp", listener.Sni["a.example"]!.Pattern);
        Assert.Equal("vsock://16:444", listener.Sni["*.b.example"]!.Text);
        Assert.Equal("/run/x.sock", listener.Sni["u.example"]!.Endpoint!.Path);
        Assert.Null(listener.Sni["no.example"]);
        Assert.Equal(4, listener.Targets.Count());
    }

    [Theory]
    [InlineData(
        """ "Passthrough": [ { "Listen": "127.0.0.1:7", "To": "enclaves" }, { "Listen": "127.0.0.1:7", "To": "enclaves" } ] """,
        "Passthrough:1:Listen")]
    [InlineData(
        """ "Passthrough": [ { "Listen": "127.0.0.1:7", "To": "enclaves" }, { "Listen": "0.0.0.0:7", "To": "enclaves" } ] """,
        "Passthrough:1:Listen")]
    [InlineData(
        """ "Passthrough": [ { "Listen": "[::]:7", "To": "enclaves" }, { "Listen": "127.0.0.1:7", "To": "enclaves" } ] """,
        "Passthrough:1:Listen")]
    [InlineData(
        """ "Passthrough": [ { "Listen": "unix:/nonexistent/x", "To": "enclaves" }, { "Listen": "unix:/nonexistent/x", "To": "enclaves" } ] """,
        "Passthrough:1:Listen")]
    [InlineData(""" "Passthrough": [ { "Listen": "127.0.0.1:9464", "To": "enclaves" } ] """, "")]
    [InlineData(""" "Passthrough": [ { "Listen": "127.0.0.1:6300", "To": "enclaves" } ] """, "")]
    public void Load_AddressThatAnotherListenerHas_IsRefused(string section, string path)
    {
        var problem = Assert.Single(TestConfiguration.Refuse(
            TestConfiguration.WithEnclave($$""" "Kestrel": { "Endpoints": { "Http": { "Url": "http://0.0.0.0:6300" } } }, {{section}} """)));

        Assert.Contains("listens where", problem, StringComparison.Ordinal);
        Assert.Contains("Passthrough:", problem, StringComparison.Ordinal);
        Assert.StartsWith(path, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_AnyPortTwice_IsRefusedForWantOfAName() => Assert.StartsWith(
        "Passthrough:1:Listen: is 127.0.0.1:0 like another entry",
        Assert.Single(TestConfiguration.Refuse(TestConfiguration.WithEnclave(
            """ "Passthrough": [ { "Listen": "127.0.0.1:0", "To": "enclaves" }, { "Listen": "127.0.0.1:0", "To": "enclaves" } ] """))),
        StringComparison.Ordinal);

    [Fact]
    public void Load_SamePortOfOtherAddresses_IsTaken() => TestConfiguration.Accept(TestConfiguration.WithEnclave(
        """ "Passthrough": [ { "Listen": "127.0.0.1:7", "To": "enclaves" }, { "Listen": "127.0.0.2:7", "To": "enclaves" } ] """));

    [Fact]
    public void Load_EverySeveralMistakes_AreReportedTogether() => Assert.Equal(
        ["Passthrough:0:Listen", "Passthrough:0:MaxConnections", "Passthrough:0:To", "Passthrough:1:IdleTimeout"],
        TestConfiguration.Load(TestConfiguration.WithEnclave(
            """
            "Passthrough": [ { "Listen": "x", "To": "y", "MaxConnections": 0 }, { "Listen": "127.0.0.1:1", "To": "enclaves", "IdleTimeout": "x" } ]
            """)).Problems.Select(problem => problem.Path).Order(StringComparer.Ordinal));

    [Fact]
    public void Load_FromTheEnvironment_HasTheSameForm()
    {
        var options = TestConfiguration.Accept(
            null,
            "PARENTPROXY_ENCLAVE_0_CID=16",
            "PARENTPROXY_ENCLAVE_0_PORT=6300",
            "Passthrough__0__Listen=127.0.0.1:1",
            "Passthrough__0__Sni__a.example=enclaves",
            "Passthrough__0__Sni__DEFAULT=reject",
            "Passthrough__0__ProxyProtocol__Send=V2",
            "Passthrough__1__Listen=unix:/nonexistent/x",
            "Passthrough__1__To=enclave://0");

        Assert.Equal(["127.0.0.1:1", "unix:/nonexistent/x"], options.Passthrough.Select(listener => listener.Listen.Text));
        Assert.Equal(["a.example"], options.Passthrough[0].Sni.Keys);
        Assert.Null(options.Passthrough[0].To);
        Assert.Equal(ProxyProtocolSend.V2, options.Passthrough[0].ProxyProtocol.Send);
    }

    [Fact]
    public void Load_NothingButAnEndpoint_NeedsNoEnclave() => Assert.Equal(
        "tcp://127.0.0.1:80",
        Assert.Single(TestConfiguration.Accept(
            """{ "Passthrough": [ { "Listen": "127.0.0.1:1", "To": "tcp://127.0.0.1:80" } ] }""").Passthrough).To!.Text);

    [Fact]
    public void Load_NameThatDiscoveryMayFind_IsTaken() => TestConfiguration.Accept(
        """{ "Discovery": { "Enabled": true }, "Passthrough": [ { "Listen": "127.0.0.1:1", "To": "enclave://later" } ] }""");

    /// <summary>Nothing needs a restart: listeners come and go with a reload.</summary>
    [Fact]
    public void Between_AnotherListener_NeedsNoRestart()
    {
        var old = TestConfiguration.Accept(TestConfiguration.WithEnclave(""" "Limits": {} """));
        var next = TestConfiguration.Accept(
            TestConfiguration.WithEnclave(""" "Passthrough": [ { "Listen": "127.0.0.1:1", "To": "enclaves" } ] """));

        Assert.Empty(RestartOnlyChanges.Between(old, next));
        Assert.Empty(RestartOnlyChanges.Between(next, old));
    }

    private static PassthroughOptions One(string entry) =>
        Assert.Single(TestConfiguration.Accept(Json(entry)).Passthrough);

    private static void AssertRefused(string entry, string path, string reason)
    {
        var problem = Assert.Single(TestConfiguration.Load(Json(entry)).Problems);
        Assert.Equal(path, problem.Path);
        Assert.Contains(reason, problem.Reason, StringComparison.Ordinal);
    }

    private static string Json(string entry) =>
        $$"""
        { "Enclaves": [ { "Id": "0", "Cid": 16, "Port": 6300 }, { "Id": "tcp", "Transport": "tcp", "TcpHost": "127.0.0.1", "Port": 80 } ],
          "Passthrough": [ { {{entry}} } ] }
        """;
}
