using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using ParentProxy.Tests.Support;
using ParentProxy.Tests.Tls;

namespace ParentProxy.Tests.Passthrough;

/// <summary>Where connections go by the server name of their ClientHello, with real clients of TLS.</summary>
public sealed class SniTests : IAsyncLifetime
{
    private readonly TestCertificate _certificate = new();
    private TlsEnclave _one = null!;
    private TlsEnclave _two = null!;
    private TestProxy _proxy = null!;

    public async ValueTask InitializeAsync()
    {
        _one = await TlsEnclave.StartAsync(_certificate, "one");
        _two = await TlsEnclave.StartAsync(_certificate, "two");
        _proxy = await TestProxy.StartAsync(
            [
                .. TestProxy.Enclave(0, _one.EndPoint), "Enclaves:0:Name=one",
                .. TestProxy.Enclave(1, _two.EndPoint), "Enclaves:1:Name=two",
                "Health:Probe:Enabled=false",
                "Passthrough:0:Listen=127.0.0.1:0",
                "Passthrough:0:Sni:A.example=enclave://one",
                "Passthrough:0:Sni:*.b.example=enclave://two",
                "Passthrough:0:Sni:no.b.example=reject",
                "Passthrough:1:Listen=127.0.0.2:0",
                "Passthrough:1:Sni:a.example=enclave://one",
                "Passthrough:1:Sni:default=enclave://two",
                "Passthrough:2:Listen=127.0.0.3:0",
                "Passthrough:2:Sni:a.example=enclave://one",
                "Passthrough:2:Sni:default=enclave://two",
                "Passthrough:2:PrereadTimeout=00:00:02",
            ]);
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _one.DisposeAsync();
        await _two.DisposeAsync();
        _certificate.Dispose();
    }

    [Theory]
    [InlineData(0, "a.example", "one a.example")]
    [InlineData(0, "A.EXAMPLE", "one a.example")]
    [InlineData(0, "x.b.example", "two x.b.example")]
    [InlineData(0, "y.x.b.example", "two y.x.b.example")]
    [InlineData(1, "a.example", "one a.example")]
    [InlineData(1, "other.example", "two other.example")]
    [InlineData(1, "", "two ")]
    public async Task Connect_ByServerName_ReachesItsEnclaveOverItsOwnTls(int listener, string name, string expected)
    {
        Assert.Equal(expected, await AskTlsAsync(listener, name), ignoreCase: true);
    }

    [Theory]
    [InlineData("no.b.example", "server name no.b.example")]
    [InlineData("b.example", "server name b.example")]
    [InlineData("other.example", "server name other.example")]
    [InlineData("", "no server name in the ClientHello")]
    public async Task Connect_ToANameThatGoesNowhere_IsResetAndTheLineNamesIt(string name, string said)
    {
        await Assert.ThrowsAnyAsync<IOException>(() => AskTlsAsync(0, name));

        var line = await _proxy.Log.WaitForAsync(entry => entry.Message.Contains("(server_name)", StringComparison.Ordinal));
        Assert.Contains($"{said}", line.Message, StringComparison.Ordinal);
        Assert.EndsWith("which Sni sends nowhere", line.Message, StringComparison.Ordinal);
        Assert.Equal(0, _one.Requests + _two.Requests);
    }

    [Fact]
    public async Task Connect_WithProtocols_TheLineNamesThem()
    {
        await AskTlsAsync(0, "a.example");

        var line = await _proxy.Log.WaitForAsync(entry => entry.Message.Contains(" is over after ", StringComparison.Ordinal));
        Assert.Contains("server name a.example, ALPN http/1.1", line.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_HelloInManyPieces_IsReadWhole()
    {
        await using var enclave = ScriptedEnclave.Start(async connection => await connection.SendAsync(
            Convert.ToHexString((await connection.ReadToEndAsync()).Received)));
        await using var proxy = await TestProxy.StartAsync(
            [
                .. TestProxy.Enclave(0, enclave.EndPoint), "Health:Probe:Enabled=false",
                "Passthrough:0:Listen=127.0.0.1:0", "Passthrough:0:Sni:a.example=enclaves",
            ]);
        var hello = HelloBuilder.Records(
            HelloBuilder.Message(HelloBuilder.Body(HelloBuilder.Vector16(HelloBuilder.Join(
                HelloBuilder.Extension(21, new byte[9000]), HelloBuilder.ServerName("a.example"))))),
            1,
            4000);
        await using var client = await proxy.ConnectRawAsync();
        for (var sent = 0; sent < hello.Length; sent += 700)
            await client.SendAsync(hello.AsMemory(sent, Math.Min(700, hello.Length - sent)));
        await client.SendAsync("and what follows");
        client.ShutdownSend();

        Assert.Equal(
            Convert.ToHexString([.. hello, .. "and what follows"u8]), (await client.ReadTextToEndAsync()).Text);
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH\r\n", 1, true)]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 0, false)]
    public async Task Connect_NoTls_GoesWhereThoseWithoutANameGo(string said, int listener, bool arrives)
    {
        await using var client = await _proxy.ConnectRawAsync(listener);
        await client.SendAsync(said);

        if (arrives)
        {
            // The enclave ends what is no TLS.
            await client.ReadToEndAsync();
            client.ShutdownSend();
            await _proxy.Log.WaitForAsync(entry => entry.Message.Contains("no TLS, and so no server name", StringComparison.Ordinal)
                && entry.Message.Contains("to enclave 1 ", StringComparison.Ordinal));
            return;
        }

        await client.AssertResetAsync();
        await _proxy.Log.WaitForAsync(entry =>
            entry.Message.Contains("(server_name): no TLS, and so no server name", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Connect_MalformedHello_IsResetWithNothingForwarded()
    {
        await using var client = await _proxy.ConnectRawAsync(1);
        var hello = HelloBuilder.Hello(HelloBuilder.ServerName("a.example"));
        hello[9] = 0xFF;
        hello[10] = 0xFF;
        await client.SendAsync(hello);
        client.ShutdownSend();

        await client.AssertResetAsync();

        await _proxy.Log.WaitForAsync(entry => entry.Message.Contains("(client_hello)", StringComparison.Ordinal));
        Assert.Equal(1, _proxy.Server.Passthrough.Open[1].Counts.TotalRefused);
        Assert.Equal(0, _proxy.Server.Passthrough.Open[1].Counts.BytesFromClients);
    }

    [Fact]
    public async Task Connect_HelloThatDoesNotCome_IsResetAfterPrereadTimeout()
    {
        await using var client = await _proxy.ConnectRawAsync(2);
        await client.SendAsync(HelloBuilder.Hello(HelloBuilder.ServerName("a.example")).AsMemory(0, 20));

        await client.AssertResetAsync();

        var line = await _proxy.Log.WaitForAsync(entry => entry.Message.Contains("(preread_timeout)", StringComparison.Ordinal));
        Assert.Contains("its ClientHello did not come within PrereadTimeout; 20 bytes did", line.Message, StringComparison.Ordinal);
        await _proxy.HasOpenAsync(0);
    }

    [Fact]
    public async Task Connect_ClientThatLeavesAtOnce_IsNoRefusal()
    {
        await using (var client = await _proxy.ConnectRawAsync(1))
            client.ShutdownSend();
        await using (var client = await _proxy.ConnectRawAsync(1))
            client.Reset();

        await Eventually.TrueAsync(() => _proxy.Server.Passthrough.Open[1].Counts.TotalEnded == 2);
        Assert.Equal(0, _proxy.Server.Passthrough.Open[1].Counts.TotalRefused);
        await _proxy.HasOpenAsync(0);
    }

    /// <summary>What an event loop knows of a connection goes with it.</summary>
    [Fact]
    public async Task Connect_ManyAreRefusedBeforeTheirHello_NothingOfThemStays()
    {
        var before = LoopClients.Count();
        for (var i = 0; i < 400; i++)
        {
            await using var client = await _proxy.ConnectRawAsync(1);
            await client.SendAsync("\u0016\u0003\u0001\u0000\u0004\u0002\u0000\u0000\u0000");
            await client.ReadToEndAsync();
        }

        await _proxy.HasOpenAsync(0);
        await Eventually.TrueAsync(() => LoopClients.Count() < before + 200, () => $"{before} before, {LoopClients.Count()} now");
    }

    private async Task<string> AskTlsAsync(int listener, string name)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPEndPoint.Parse(_proxy.Server.Passthrough.EndPoints[listener]));
        await using var tls = new SslStream(client.GetStream(), false, (_, seen, _, _) => seen!.GetCertHashString() == _certificate.Hash);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = name,
            ApplicationProtocols = [SslApplicationProtocol.Http11],
        }).WaitAsync(TestDeadline.Value);
        await tls.WriteAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(tls);
        var answer = await reader.ReadToEndAsync().WaitAsync(TestDeadline.Value);
        return answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
    }
}
