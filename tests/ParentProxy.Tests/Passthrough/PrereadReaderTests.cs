using System.Net;
using System.Net.Sockets;
using System.Text;
using ParentProxy.Configuration;
using ParentProxy.Passthrough;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Sockets;
using ParentProxy.Tests.Support;
using ParentProxy.Tests.Tls;

namespace ParentProxy.Tests.Passthrough;

/// <summary>What is read of a connection before an enclave is chosen.</summary>
public sealed class PrereadReaderTests : IDisposable
{
    private const string Header = "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n";

    private static readonly IPEndPoint Trusted = IPEndPoint.Parse("10.0.0.1:5");
    private static readonly IPEndPoint Stranger = IPEndPoint.Parse("192.0.2.9:5");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly SocketPair _pair = SocketPair.Tcp();
    private readonly ManualTimeProvider _time = new();

    public void Dispose() => _pair.Dispose();

    [Fact]
    public async Task Read_HeaderAndHelloTogether_GivesBothAndTheBytesBehindTheHeader()
    {
        byte[] behind = [.. HelloBuilder.Hello(HelloBuilder.ServerName("a.example")), .. "early"u8];
        _pair.Far.Send([.. Encoding.ASCII.GetBytes(Header), .. behind]);

        var preread = await ReadAsync(ProxyProtocolAccept.Required, hasSni: true);

        Assert.Equal("192.0.2.1:56324", preread!.Header!.Source!.ToString());
        Assert.Equal("a.example", preread.Hello!.ServerName);
        Assert.Equal(behind, preread.Bytes);
    }

    [Fact]
    public async Task Read_ByteByByte_WaitsForAllOfIt()
    {
        byte[] all = [.. Encoding.ASCII.GetBytes(Header), .. HelloBuilder.Hello(HelloBuilder.ServerName("a.example"))];
        var reading = ReadAsync(ProxyProtocolAccept.Optional, hasSni: true);
        foreach (var one in all)
        {
            Assert.False(reading.IsCompleted);
            _pair.Far.Send([one]);
        }

        Assert.Equal("a.example", (await reading)!.Hello!.ServerName);
    }

    [Fact]
    public async Task Read_NothingIsAsked_TakesNothing()
    {
        _pair.Far.Send("x"u8);

        Assert.Same(Preread.Nothing, await ReadAsync(ProxyProtocolAccept.None));
        Assert.Same(Preread.Nothing, await ReadAsync(ProxyProtocolAccept.Optional, peer: Stranger));
        Assert.Equal(1, _pair.Near.Release().Socket.Available);
    }

    [Theory]
    [InlineData(false, PassthroughRefusal.ProxyProtocol, "headers are required")]
    [InlineData(true, PassthroughRefusal.ProxyProtocol, "does not begin with a PROXY header")]
    public async Task Read_RequiredAndNoneThatIsBelieved_Refuses(bool isTrusted, object reason, string detail)
    {
        _pair.Far.Send(Encoding.ASCII.GetBytes(isTrusted ? "GET / HTTP/1.1\r\n" : Header));

        var refusal = await Assert.ThrowsAsync<PrereadException>(
            () => ReadAsync(ProxyProtocolAccept.Required, peer: isTrusted ? Trusted : Stranger));

        Assert.Equal((PassthroughRefusal)reason, refusal.Reason);
        Assert.Contains(detail, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_EndBeforeAnything_IsNull()
    {
        _pair.Far.Shutdown(SocketShutdown.Send);

        Assert.Null(await ReadAsync(ProxyProtocolAccept.Required, hasSni: true));
    }

    [Fact]
    public async Task Read_EndWithinAHeader_Refuses()
    {
        _pair.Far.Send("PROXY TCP4 "u8);
        _pair.Far.Shutdown(SocketShutdown.Send);

        var refusal = await Assert.ThrowsAsync<PrereadException>(() => ReadAsync(ProxyProtocolAccept.Optional));
        Assert.Contains("ended within its PROXY header", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>It is what the client has to say, and who takes those without a name may know it.</summary>
    [Fact]
    public async Task Read_EndWithinAHello_GivesWhatCame()
    {
        byte[] part = [22, 3, 1, 1];
        _pair.Far.Send(part);
        _pair.Far.Shutdown(SocketShutdown.Send);

        var preread = await ReadAsync(ProxyProtocolAccept.None, hasSni: true);

        Assert.Null(preread!.Hello);
        Assert.Equal(part, preread.Bytes);
    }

    [Theory]
    [InlineData(ProxyProtocolAccept.Optional, false, "", null)]
    [InlineData(ProxyProtocolAccept.Optional, false, "PRO", "its PROXY header did not come within PrereadTimeout; 3 bytes did")]
    [InlineData(ProxyProtocolAccept.Required, false, "", "its PROXY header did not come within PrereadTimeout; 0 bytes did")]
    [InlineData(ProxyProtocolAccept.None, true, "", "its ClientHello did not come within PrereadTimeout; 0 bytes did")]
    [InlineData(ProxyProtocolAccept.Optional, true, "", "its ClientHello did not come within PrereadTimeout; 0 bytes did")]
    public async Task Read_TimeIsOver_RefusesUnlessNothingNeedsCome(object accept, bool hasSni, string said, string? refused)
    {
        if (said.Length > 0)
            _pair.Far.Send(Encoding.ASCII.GetBytes(said));
        var reading = ReadAsync((ProxyProtocolAccept)accept, hasSni);
        await _time.WaitForTimerAsync(Patience);
        await Eventually.TrueAsync(() => _pair.Near.IsReceiving && _pair.Near.IsReceiveQueueEmpty);

        _time.Advance(Patience);

        if (refused is null)
        {
            Assert.Same(Preread.Nothing, await reading);
            return;
        }

        var refusal = await Assert.ThrowsAsync<PrereadException>(() => reading);
        Assert.Equal((PassthroughRefusal.PrereadTimeout, refused), (refusal.Reason, refusal.Message));
    }

    [Fact]
    public async Task Read_Stopping_IsCancelled()
    {
        using var stopping = new CancellationTokenSource();
        var reading = ReadAsync(ProxyProtocolAccept.Required, stopping: stopping.Token);

        await stopping.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    [Fact]
    public async Task Read_Reset_Throws()
    {
        var reading = ReadAsync(ProxyProtocolAccept.Required);

        _pair.Far.Close(0);

        await Assert.ThrowsAsync<SocketException>(() => reading);
    }

    [Fact]
    public async Task Read_HelloWithoutEnd_IsRefusedAtItsLimit()
    {
        var record = HelloBuilder.Record(new byte[16_000].Select((_, i) => (byte)(i == 0 ? 1 : i == 1 ? 0xFF : 0)).ToArray());
        var sending = Task.Run(() =>
        {
            for (var i = 0; i < 4; i++)
                _pair.Far.Send(record);
        });

        var refusal = await Assert.ThrowsAsync<PrereadException>(() => ReadAsync(ProxyProtocolAccept.None, hasSni: true));

        await sending;
        Assert.Equal(PassthroughRefusal.ClientHello, refusal.Reason);
    }

    private Task<Preread?> ReadAsync(
        ProxyProtocolAccept accept, bool hasSni = false, IPEndPoint? peer = null, CancellationToken stopping = default)
    {
        var target = PassthroughTarget.Parse("enclaves", null).Value!;
        var routes = new PassthroughRoutes(new PassthroughOptions
        {
            Listen = new PassthroughAddress("127.0.0.1:1"),
            To = target,
            ProxyProtocol = new ProxyProtocolOptions { Accept = accept },
            Sni = hasSni ? new Dictionary<string, PassthroughTarget?> { ["a.example"] = target } : [],
            PrereadTimeout = Patience,
        });
        return new PrereadReader(routes, _time).ReadAsync(_pair.Near, peer ?? Trusted, stopping).AsTask().WaitAsync(TestDeadline.Value, CancellationToken.None);
    }
}
