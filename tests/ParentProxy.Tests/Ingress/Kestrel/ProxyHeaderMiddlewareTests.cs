using System.Net;
using System.Net.Sockets;
using System.Text;
using ParentProxy.Configuration;
using ParentProxy.Ingress.Kestrel;
using ParentProxy.Ingress.Kestrel.Refusals;
using ParentProxy.Tests.ProxyProtocol;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Kestrel;

/// <summary>Who does not finish its header, on a clock that a test sets.</summary>
public sealed class ProxyHeaderMiddlewareTests : IAsyncDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly List<ConnectionRefusal> _refusals = [];
    private readonly Socket _client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _server;
    private readonly ClientConnection _connection;
    private string? _served;

    public ProxyHeaderMiddlewareTests()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        _client.Connect(listener.LocalEndPoint!);
        _server = listener.Accept();
        _connection = new ClientConnection(_server, () => { }) { Refused = (_, reason, _) => _refusals.Add(reason) };
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _connection.DisposeAsync();
    }

    [Theory]
    [InlineData(true, "")]
    [InlineData(true, "P")]
    [InlineData(true, "PROXY TCP4 203.0.113.9 ")]
    [InlineData(false, "PROXY TCP4 203.0.113.9 ")]
    [InlineData(false, "\r\n\r\n\0\r\nQUIT\n")]
    public async Task Run_HeaderIsNotFinishedInTime_IsRefused(bool isRequired, string begun)
    {
        _client.Send(HeaderBytes.Text(begun));
        var running = RunAsync(isRequired ? ProxyProtocolAccept.Required : ProxyProtocolAccept.Optional);
        await _time.WaitForTimerAsync(ProxyHeaderMiddleware.HeaderTimeout);
        await Eventually.TrueAsync(() => _server.Available == 0);

        _time.Advance(ProxyHeaderMiddleware.HeaderTimeout - TimeSpan.FromMilliseconds(1));
        Assert.False(running.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await running.WaitAsync(TestDeadline.Value);

        Assert.Equal([ConnectionRefusal.Timeout], _refusals);
        Assert.Null(_served);
        Assert.Equal(0, _time.Timers);
        Assert.Equal(0, await _client.ReceiveAsync(new byte[1]).WaitAsync(TestDeadline.Value));
    }

    [Fact]
    public async Task Run_OptionalAndNothingIsSaid_GoesOnAsHttp()
    {
        var running = RunAsync(ProxyProtocolAccept.Optional);
        await _time.WaitForTimerAsync(ProxyHeaderMiddleware.HeaderTimeout);

        _time.Advance(ProxyHeaderMiddleware.HeaderTimeout);
        _client.Send("GET"u8);
        await running.WaitAsync(TestDeadline.Value);

        Assert.Empty(_refusals);
        Assert.Equal("GET", _served);
    }

    [Fact]
    public async Task Run_HeaderInTime_LeavesTheClockAlone()
    {
        var running = RunAsync(ProxyProtocolAccept.Required);
        _client.Send(HeaderBytes.Text("PROXY TCP4 203.0.113.9 198.51.100.7 1 "));
        await _time.WaitForTimerAsync(ProxyHeaderMiddleware.HeaderTimeout);
        _client.Send(HeaderBytes.Text("443\r\nGET"));
        await running.WaitAsync(TestDeadline.Value);

        Assert.Empty(_refusals);
        Assert.Equal("GET", _served);
        Assert.Equal(0, _time.Timers);
        Assert.Equal("203.0.113.9:1", _connection.RemoteEndPoint?.ToString());
        Assert.Equal(_client.RemoteEndPoint, _connection.LocalEndPoint);
    }

    private Task RunAsync(ProxyProtocolAccept accept) =>
        new ProxyHeaderMiddleware(new ProxyProtocolOptions { Accept = accept }, _time).RunAsync(_connection, async context =>
        {
            var read = await context.Transport.Input.ReadAsync();
            _served = Encoding.Latin1.GetString(read.Buffer.FirstSpan);
            context.Transport.Input.AdvanceTo(read.Buffer.End);
        });
}
