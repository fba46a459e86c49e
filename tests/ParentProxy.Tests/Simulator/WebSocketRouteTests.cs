using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Simulator;

public sealed class WebSocketRouteTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ws_EchoesTextAndBinary_AndClosesInOrder(bool http2)
    {
        await using var fixture = await EnclaveFixture.StartAsync(http2);
        using var deadline = new CancellationTokenSource(TestDeadline.Value);
        using var socket = await ConnectAsync(fixture, http2, deadline.Token);

        await socket.SendAsync(Encoding.UTF8.GetBytes("hällo"), WebSocketMessageType.Text, true, deadline.Token);
        var (type, message) = await ReceiveAsync(socket, deadline.Token);
        Assert.Equal(WebSocketMessageType.Text, type);
        Assert.Equal("hällo", Encoding.UTF8.GetString(message));

        var binary = RandomNumberGenerator.GetBytes(100_000);
        await socket.SendAsync(binary, WebSocketMessageType.Binary, true, deadline.Token);
        (type, message) = await ReceiveAsync(socket, deadline.Token);
        Assert.Equal(WebSocketMessageType.Binary, type);
        Assert.Equal(binary, message);

        await socket.CloseAsync(WebSocketCloseStatus.PolicyViolation, "enough", deadline.Token);
        Assert.Equal(WebSocketState.Closed, socket.State);
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, socket.CloseStatus);
        Assert.Equal("enough", socket.CloseStatusDescription);
    }

    [Fact]
    public async Task Ws_EnclaveStops_ConnectionEnds()
    {
        await using var fixture = await EnclaveFixture.StartAsync();
        using var deadline = new CancellationTokenSource(TestDeadline.Value);
        using var socket = await ConnectAsync(fixture, http2: false, deadline.Token);

        await fixture.Enclave.StopAsync(deadline.Token);

        await Assert.ThrowsAsync<WebSocketException>(() => ReceiveAsync(socket, deadline.Token));
    }

    private static async Task<ClientWebSocket> ConnectAsync(EnclaveFixture fixture, bool http2, CancellationToken cancellationToken)
    {
        var socket = new ClientWebSocket();
        socket.Options.HttpVersion = http2 ? HttpVersion.Version20 : HttpVersion.Version11;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        await socket.ConnectAsync(new Uri("ws://enclave/ws"), fixture.Http, cancellationToken);
        return socket;
    }

    private static async Task<(WebSocketMessageType Type, byte[] Message)> ReceiveAsync(
        ClientWebSocket socket, CancellationToken cancellationToken)
    {
        using var message = new MemoryStream();
        var buffer = new byte[4096];
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
            message.Write(buffer, 0, part.Count);
            if (part.EndOfMessage)
                return (part.MessageType, message.ToArray());
        }
    }
}
