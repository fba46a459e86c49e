using System.Net.WebSockets;
using System.Text;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress;

public sealed class WebSocketTests
{
    [Theory]
    [InlineData("unix", "1.1")]
    [InlineData("tcp", "1.1")]
    [InlineData("hybrid", "1.1")]
    [InlineData("unix", "2")]
    public async Task Messages_OfBothKinds_GoBothWaysAndTheCloseIsCompleted(string transport, string version)
    {
        using var deadline = new CancellationTokenSource(TestDeadline.Value);
        await using var enclave = await TestEnclave.StartAsync(transport, http2: version == "2");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, $"Routing:HttpVersion={version}");
        using var socket = await ConnectAsync(proxy, deadline.Token);

        Assert.Equal("chat", socket.SubProtocol);
        await socket.SendAsync(Encoding.UTF8.GetBytes("h\u00e9llo"), WebSocketMessageType.Text, endOfMessage: true, deadline.Token);
        Assert.Equal((WebSocketMessageType.Text, "h\u00e9llo"), await ReceiveAsync(socket, deadline.Token));
        var big = new byte[200_000];
        Random.Shared.NextBytes(big);
        await socket.SendAsync(big, WebSocketMessageType.Binary, endOfMessage: true, deadline.Token);
        Assert.Equal(
            (WebSocketMessageType.Binary, Encoding.Latin1.GetString(big)), await ReceiveAsync(socket, deadline.Token, Encoding.Latin1));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", deadline.Token);

        Assert.Equal((WebSocketCloseStatus.NormalClosure, "done"), (socket.CloseStatus!.Value, socket.CloseStatusDescription));
        await Eventually.TrueAsync(async () => (await proxy.EnclaveAsync("0")).GetProperty("inFlight").GetInt32() == 0);
        Assert.DoesNotContain(proxy.Log.Entries, e => e.Level >= Microsoft.Extensions.Logging.LogLevel.Warning);
    }

    [Fact]
    public async Task Upgrade_WrittenInAnyCase_BecomesATunnel()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated);

        foreach (var word in (string[])["WebSocket", "WEBSOCKET", "websocket"])
        {
            var answer = await proxy.ExchangeAsync(
                $"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: {word}\r\n"
                    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");

            Assert.Equal(101, answer.Status);
            Assert.Equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", answer.Field("Sec-WebSocket-Accept"));
        }
    }

    [Fact]
    public async Task Upgrade_RefusedByTheEnclave_IsAnOrdinaryAnswer()
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        var answer = await proxy.ExchangeAsync(
            "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");

        Assert.Equal(403, answer.Status);
        Assert.Equal("no", answer.Text);
    }

    [Fact]
    public async Task Tunnel_WithoutAByte_EndsAfterItsTimeAndIdleDoesNotRun()
    {
        using var deadline = new CancellationTokenSource(TestDeadline.Value);
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, "Timeouts:Tunnel=00:00:01", "Timeouts:Idle=00:00:00.100");
        var started = TimeProvider.System.GetTimestamp();
        using var socket = await ConnectAsync(proxy, deadline.Token);

        await Assert.ThrowsAnyAsync<WebSocketException>(() => ReceiveAsync(socket, deadline.Token));

        Assert.True(TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(0.8));
        Assert.DoesNotContain(proxy.Log.Entries, e => e.Level >= Microsoft.Extensions.Logging.LogLevel.Warning);
    }

    [Fact]
    public async Task Tunnel_EnclaveDies_EndsForTheClient()
    {
        using var deadline = new CancellationTokenSource(TestDeadline.Value);
        await using var enclave = await TestEnclave.StartAsync("tcp");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated);
        using var socket = await ConnectAsync(proxy, deadline.Token);

        await enclave.KillAsync();

        await Assert.ThrowsAnyAsync<WebSocketException>(() => ReceiveAsync(socket, deadline.Token));
    }

    private static async Task<ClientWebSocket> ConnectAsync(TestProxy proxy, CancellationToken cancellationToken)
    {
        var socket = new ClientWebSocket();
        socket.Options.Proxy = null;
        socket.Options.AddSubProtocol("chat");
        await socket.ConnectAsync(new UriBuilder(proxy.Uri) { Scheme = "ws", Path = "/ws" }.Uri, cancellationToken);
        return socket;
    }

    private static async Task<(WebSocketMessageType Type, string Text)> ReceiveAsync(
        WebSocket socket, CancellationToken cancellationToken, Encoding? encoding = null)
    {
        using var message = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
            message.Write(buffer, 0, part.Count);
            if (part.EndOfMessage)
                return (part.MessageType, (encoding ?? Encoding.UTF8).GetString(message.ToArray()));
        }
    }
}
