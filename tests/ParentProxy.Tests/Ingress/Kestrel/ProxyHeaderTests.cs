using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using ParentProxy.Ingress.Kestrel.Refusals;
using ParentProxy.Tests.ProxyProtocol;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Kestrel;

/// <summary>The PROXY protocol in front of HTTP: real clients, through the whole proxy.</summary>
public sealed class ProxyHeaderTests
{
    private const string Url = "Kestrel:Endpoints:Http:Url=http://127.0.0.1:0";
    private const string Accept = "Kestrel:Endpoints:Http:ProxyProtocol:Accept=";
    private const string Elsewhere = "Kestrel:Endpoints:Http:ProxyProtocol:TrustedSources:0=192.0.2.0/24";
    private const string Get = "GET /echo HTTP/1.1\r\nHost: example.test\r\n\r\n";

    /// <summary>Of a client that is none of the trusted proxies.</summary>
    private const string Line = "PROXY TCP4 203.0.113.9 198.51.100.7 56324 443\r\n";

    private static readonly byte[] Block = HeaderBytes.Binary(
        0x21, 0x21, "20010db800000000000000000000000920010db8000000000000000000000007dc0401bb" + "ea000501766f6e65040000");

    public static TheoryData<byte[], string, string> Headers => new()
    {
        { HeaderBytes.Text(Line), "203.0.113.9", "443" },
        { HeaderBytes.Text("PROXY TCP6 2001:db8::9 2001:db8::7 1 8443\r\n"), "2001:db8::9", "8443" },
        { HeaderBytes.Text("PROXY TCP6 ::ffff:203.0.113.9 ::ffff:198.51.100.7 1 443\r\n"), "203.0.113.9", "443" },
        { Block, "2001:db8::9", "443" },
        { HeaderBytes.Binary(0x21, 0x11, HeaderBytes.TcpOverIPv4), "192.0.2.1", "443" },
        { HeaderBytes.Text("PROXY UNKNOWN\r\n"), "127.0.0.1", "" },
        { HeaderBytes.Binary(0x20, 0x00, ""), "127.0.0.1", "" },
        { HeaderBytes.Binary(0x21, 0x31, new string('2', 2 * 216)), "127.0.0.1", "" },
    };

    /// <summary>A few of each kind; the parser has its own tests.</summary>
    public static TheoryData<byte[]> Malformed =>
    [
        HeaderBytes.Text("PROXY TCP4 10.1 198.51.100.7 56324 443\r\n"),
        HeaderBytes.Text("PROXY TCP4 203.0.113.9 198.51.100.7 56324 443\n"),
        HeaderBytes.Text("PROXY  TCP4 203.0.113.9 198.51.100.7 56324 443\r\n"),
        HeaderBytes.Text($"PROXY UNKNOWN {new string('x', 200)}\r\n"),
        HeaderBytes.Binary(0x31, 0x11, HeaderBytes.TcpOverIPv4),
        HeaderBytes.Binary(0x21, 0x12, HeaderBytes.TcpOverIPv4),
        HeaderBytes.Binary(0x21, 0x21, HeaderBytes.TcpOverIPv4),
        HeaderBytes.Binary(0x21, 0x11, HeaderBytes.TcpOverIPv4 + "0400ff"),
        HeaderBytes.Binary(0x21, 0x11, HeaderBytes.TcpOverIPv4 + "03000400000000"),
        HeaderBytes.Binary(0x21, 0x11, HeaderBytes.TcpOverIPv4 + new string('0', 2 * 5000)),
    ];

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task Header_FromATrustedSource_IsTheClientEverywhere(byte[] header, string client, string port)
    {
        using var lines = new AccessLines();
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, [Url, Accept + "required", .. lines.Settings("all")]);
        await using var connection = await proxy.ConnectAsync();

        await connection.SendAsync((byte[])[.. header, .. Encoding.ASCII.GetBytes(Get)]);
        var first = Echo.Parse(await connection.ReadMessageAsync());
        await connection.SendAsync(Get);
        var second = Echo.Parse(await connection.ReadMessageAsync());

        foreach (var echo in new[] { first, second })
        {
            Assert.Equal(client, echo.Field("X-Forwarded-For"));
            Assert.Equal(port.Length > 0 ? port : $"{proxy.Uri.Port}", echo.Field("X-Forwarded-Port"));
        }

        Assert.All(await lines.ReadAsync(2), line => Assert.Equal(client, line.GetProperty("client").GetString()));
    }

    [Theory]
    [InlineData("203.0.113.9", "203.0.113.9")]
    [InlineData("10.1.2.3", "192.0.2.44, 10.1.2.3")]
    public async Task ForwardedFields_AreBelievedOfTheClientInTheHeader(string client, string expected)
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, Url, Accept + "required");

        var answer = await proxy.ExchangeAsync(
            $"PROXY TCP4 {client} 198.51.100.7 1 2\r\nGET /echo HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.44\r\n\r\n");

        Assert.Equal(expected, Echo.Parse(answer).Field("X-Forwarded-For"));
    }

    [Fact]
    public async Task Header_ByteByByte_IsReadAndHoldsUpNobody()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, Url, Accept + "required");
        await using var slow = await proxy.ConnectAsync();
        byte[] bytes = [.. Block, .. Encoding.ASCII.GetBytes(Get)];

        for (var i = 0; i < bytes.Length; i++)
        {
            await slow.SendAsync(bytes.AsMemory(i, 1));
            if (i % 20 == 0)
                Assert.Equal("203.0.113.9", Echo.Parse(await proxy.ExchangeAsync(Line + Get)).Field("X-Forwarded-For"));
        }

        Assert.Equal("2001:db8::9", Echo.Parse(await slow.ReadMessageAsync()).Field("X-Forwarded-For"));
    }

    [Fact]
    public async Task Body_BehindAHeader_IsReadInChunksAsEver()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, Url, Accept + "required");

        var answer = await proxy.ExchangeAsync(
            $"{Line}POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n001\r\n!\r\n0\r\n\r\n");

        Assert.Equal("hello!", Echo.Parse(answer).Body);
    }

    [Fact]
    public async Task Header_BeforeTls_IsReadBeforeTheHandshake()
    {
        using var certificate = new TestCertificate();
        using var lines = new AccessLines();
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave.Simulated,
            [
                "Kestrel:Endpoints:Http:Url=https://127.0.0.1:0", Accept + "required",
                $"Kestrel:Endpoints:Http:Certificate:Path={certificate.Path}",
                $"Kestrel:Endpoints:Http:Certificate:KeyPath={certificate.KeyPath}", .. lines.Settings("all"),
            ]);

        await using var connection = await WireConnection.ConnectTlsAsync(proxy.Uri, certificate, before: Block);
        await connection.SendAsync(Get);
        var echo = Echo.Parse(await connection.ReadMessageAsync());
        await using var http2 = await Http2Connection.ConnectAsync(proxy.Uri, certificate, HeaderBytes.Text(Line));
        var status = await http2.GetAsync((":scheme", "https"));

        Assert.Equal(("2001:db8::9", "https"), (echo.Field("X-Forwarded-For"), echo.Field("X-Forwarded-Proto")));
        Assert.Equal("200", status);
        Assert.Equal(
            ["2001:db8::9", "203.0.113.9"], (await lines.ReadAsync(2)).Select(line => line.GetProperty("client").GetString()));
    }

    [Fact]
    public async Task Header_BeforeCleartextHttp2_IsTheClientOfRefusalsToo()
    {
        using var lines = new AccessLines();
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave.Simulated, [Url, Accept + "required", "Kestrel:Endpoints:Http:Protocols=Http2", .. lines.Settings("all")]);
        await using var http2 = await Http2Connection.ConnectAsync(proxy.Uri, before: HeaderBytes.Text(Line));

        Assert.Equal("200", await http2.GetAsync());
        Assert.Equal("goaway 1", await http2.GetAsync(("Connection", "close")));

        Assert.All(await lines.ReadAsync(2), line => Assert.Equal("203.0.113.9", line.GetProperty("client").GetString()));
    }

    [Fact]
    public async Task Header_OnAUnixSocket_IsBelievedWithoutNetworks()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("in.sock");
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave.Simulated,
            Url,
            $"Kestrel:Endpoints:Unix:Url=http://unix:{path}",
            "Kestrel:Endpoints:Unix:ProxyProtocol:Accept=required",
            "Kestrel:Endpoints:Unix:ProxyProtocol:TrustedSources=");
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        await using var connection = new WireConnection(socket);

        await connection.SendAsync(Line + Get);

        Assert.Equal("203.0.113.9", Echo.Parse(await connection.ReadMessageAsync()).Field("X-Forwarded-For"));
    }

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task Header_Malformed_IsClosedWithoutAWordAndNothingIsForwarded(byte[] header)
    {
        foreach (var accept in new[] { "required", "optional" })
        {
            await using var enclave = Untouched();
            await using var proxy = await TestProxy.InFrontOfAsync(enclave, Url, Accept + accept);

            Assert.Empty(await AllAsync(proxy, [.. header, .. Encoding.ASCII.GetBytes(Get)]));

            Assert.Equal((0, 1), (enclave.Accepted, Refused(proxy, ConnectionRefusal.Malformed)));
            var warning = Assert.Single(proxy.Log.AtLeast(LogLevel.Warning)).Message;
            Assert.StartsWith($"Closed a new connection on {proxy.Uri.Authority} from 127.0.0.1:", warning, StringComparison.Ordinal);
            Assert.EndsWith("; 1 closed so far as malformed", warning, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Required_WithoutAHeader_IsClosed()
    {
        await using var enclave = Untouched();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Url, Accept + "required");

        Assert.Empty(await AllAsync(proxy, Encoding.ASCII.GetBytes(Get)));
        Assert.Empty(await AllAsync(proxy, [0x16, 0x03, 0x01]));

        Assert.Equal((0, 2), (enclave.Accepted, Refused(proxy, ConnectionRefusal.Missing)));
        Assert.Contains(
            $"parentproxy_client_connections_refused_total{{listener=\"{proxy.Uri.Authority}\",reason=\"missing\"}} 2",
            string.Join('\n', (await proxy.Admin.GetStringAsync("/metrics")).Split('\n').Select(WithoutScope)),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Required_FromAnotherNetwork_IsClosedWhateverItSends()
    {
        await using var enclave = Untouched();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Url, Accept + "required", Elsewhere);

        Assert.Empty(await AllAsync(proxy, Encoding.ASCII.GetBytes(Line + Get)));
        Assert.Empty(await AllAsync(proxy, Encoding.ASCII.GetBytes(Get)));
        Assert.Empty(await AllAsync(proxy, []));

        Assert.Equal((0, 3), (enclave.Accepted, Refused(proxy, ConnectionRefusal.Untrusted)));
    }

    [Fact]
    public async Task Optional_WithoutAHeader_IsHttp()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, Url, Accept + "optional");

        Assert.Equal("127.0.0.1", Echo.Parse(await proxy.ExchangeAsync(Get)).Field("X-Forwarded-For"));
        Assert.Equal("203.0.113.9", Echo.Parse(await proxy.ExchangeAsync(Line + Get)).Field("X-Forwarded-For"));

        // Begins as a header does, for a while.
        await using var connection = await proxy.ConnectAsync();
        await connection.SendAsync("P");
        await connection.SendAsync("ROPFIND /echo HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.Equal("PROPFIND", Echo.Parse(await connection.ReadMessageAsync()).Method);
    }

    [Fact]
    public async Task Optional_FromAnotherNetwork_ReadsNoHeader()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, Url, Accept + "optional", Elsewhere);

        Assert.Equal("127.0.0.1", Echo.Parse(await proxy.ExchangeAsync(Get)).Field("X-Forwarded-For"));
        Assert.Equal(400, (await proxy.ExchangeAsync(Line + Get)).Status);
    }

    [Fact]
    public async Task None_AHeader_IsNoRequest()
    {
        await using var enclave = Untouched();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Url, Accept + "none");

        Assert.Equal(400, (await proxy.ExchangeAsync(Line + Get)).Status);
        Assert.Equal(0, enclave.Accepted);
    }

    [Fact]
    public async Task Connection_ThatEndsBeforeItsHeader_CountsOnlyIfItBeganOne()
    {
        await using var enclave = Untouched();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Url, Accept + "required");
        var listener = Assert.Single(proxy.Server.Ingress.Open);

        await using (await proxy.ConnectAsync())
            await Eventually.TrueAsync(() => listener.Connections == 1);
        await Eventually.TrueAsync(() => listener.Connections == 0);
        Assert.All(ConnectionRefusals.All, reason => Assert.Equal(0, Refused(proxy, reason)));

        await using (var half = await proxy.ConnectAsync())
        {
            await half.SendAsync(Line[..20]);
            half.ShutdownSend();
            Assert.Empty((await half.ReadToEndAsync()).Received);
        }

        Assert.Equal(1, Refused(proxy, ConnectionRefusal.Malformed));
        Assert.Contains(
            "ended within the header", Assert.Single(proxy.Log.AtLeast(LogLevel.Warning)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusals_InAFlood_AreLoggedAtPowersOfTwo()
    {
        await using var enclave = Untouched();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Url, Accept + "required");

        for (var i = 0; i < 9; i++)
            Assert.Empty(await AllAsync(proxy, Encoding.ASCII.GetBytes(Get)));

        Assert.Equal(9, Refused(proxy, ConnectionRefusal.Missing));
        Assert.Equal(
            ["1", "2", "4", "8"],
            proxy.Log.AtLeast(LogLevel.Warning).Select(entry => entry.Message.Split("; ")[1].Split(' ')[0]));
    }

    [Fact]
    public async Task Metrics_OfTheConnection_EndWithTheLabelsTheyBeganWith()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, Url, Accept + "required");

        await using (var connection = await proxy.ConnectAsync())
        {
            await connection.SendAsync(Line + Get);
            await connection.ReadMessageAsync();
        }

        var listener = Assert.Single(proxy.Server.Ingress.Open);
        await Eventually.TrueAsync(() => listener.Connections == 0);
        string[] active = [];
        await Eventually.TrueAsync(
            async () =>
            {
                active = [.. (await proxy.Admin.GetStringAsync("/metrics")).Split('\n')
                    .Where(line => line.StartsWith("kestrel_active_connections{", StringComparison.Ordinal)
                        && line.Contains($"\"{proxy.Uri.Port}\"", StringComparison.Ordinal))];
                return active.Any(line => line.EndsWith(" 0", StringComparison.Ordinal));
            },
            () => string.Join('\n', active));
        Assert.DoesNotContain("198.51.100.7", await proxy.Admin.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_AConnectionWithoutItsHeader_IsClosedAtOnce()
    {
        await using var enclave = Untouched();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Url, Accept + "required");
        await using var connection = await proxy.ConnectAsync();
        await connection.SendAsync(Line[..20]);
        var listener = Assert.Single(proxy.Server.Ingress.Open);
        await Eventually.TrueAsync(() => listener.Connections == 1);

        await proxy.StopAsync().WaitAsync(TestDeadline.Value);

        Assert.Empty((await connection.ReadToEndAsync()).Received);
        Assert.Empty(proxy.Log.AtLeast(LogLevel.Warning));
    }

    private static ScriptedEnclave Untouched() => ScriptedEnclave.Start(_ => Task.CompletedTask);

    private static long Refused(TestProxy proxy, ConnectionRefusal reason) =>
        proxy.Server.Ingress.Open.Sum(listener => listener.Refusals.Of(reason));

    private static string WithoutScope(string line) =>
        line.Replace("otel_scope_name=\"ParentProxy\",", "", StringComparison.Ordinal);

    /// <summary>Everything that comes back.</summary>
    private static async Task<byte[]> AllAsync(TestProxy proxy, byte[] bytes)
    {
        await using var connection = await proxy.ConnectAsync();
        try
        {
            await connection.SendAsync(bytes);
        }
        catch (IOException)
        {
            // Closed before all of it was sent.
        }

        return (await connection.ReadToEndAsync()).Received;
    }
}
