using System.Net.Sockets;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Tests.Sockets;
using ParentProxy.Tests.Support;
using ParentProxy.Vsock;

namespace ParentProxy.Tests.Enclaves.Transports;

/// <summary>What the kinds of connections do differently. A unix socket stands in for vsock, which behaves like one here.</summary>
public sealed class EnclaveStreamTests
{
    private static readonly VsockEndPoint Remote = new(16, 6300);

    [Fact]
    public async Task Write_OfAVsockWhosePeerIsGone_SaysWhatItMeansThere()
    {
        using var pair = SocketPair.Unix(options: EnclaveStream.VsockOptions(Remote, 28672, TimeProvider.System));
        await using var stream = new EnclaveStream(pair.Near);
        pair.Far.Dispose();

        var failure = await Assert.ThrowsAsync<VsockException>(async () => await stream.WriteAsync("x"u8.ToArray()));

        Assert.Equal((Errno.EPIPE, "write", Remote), (failure.Errno, failure.Operation, failure.EndPoint));
        Assert.StartsWith("write vsock://16:6300: EPIPE (the peer has closed)", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_OfAVsockThatIsAborted_IsCancelled()
    {
        using var pair = SocketPair.Unix(options: EnclaveStream.VsockOptions(Remote, 28672, TimeProvider.System));
        await using var stream = new EnclaveStream(pair.Near);
        var reading = stream.ReadAsync(new byte[1]).AsTask();

        stream.Abort();

        var failure = await Assert.ThrowsAsync<VsockException>(() => reading.WaitAsync(TestDeadline.Value));
        Assert.Equal((Errno.ECANCELED, "read"), (failure.Errno, failure.Operation));
    }

    [Fact]
    public async Task Write_OfAVsock_NeverExceedsTheMaximum()
    {
        using var pair = SocketPair.Unix(options: EnclaveStream.VsockOptions(Remote, 1000, TimeProvider.System), type: SocketType.Seqpacket);
        await using var stream = new EnclaveStream(pair.Near);

        await stream.WriteAsync(new byte[2500]);

        var buffer = new byte[10_000];
        Assert.Equal([1000, 1000, 500], new[] { pair.Far.Receive(buffer), pair.Far.Receive(buffer), pair.Far.Receive(buffer) });
    }

    [Fact]
    public async Task Dispose_OfAVsock_TellsThatItIsClosedWhenItIs()
    {
        using var pair = SocketPair.Unix(options: EnclaveStream.VsockOptions(Remote, 28672, TimeProvider.System));
        var stream = new EnclaveStream(pair.Near);
        var isClosed = false;
        stream.OnClosed(() => Volatile.Write(ref isClosed, true));
        await stream.WriteAsync("last words"u8.ToArray());

        var closing = stream.DisposeAsync().AsTask();
        Assert.Equal(10, pair.Far.Receive(new byte[20]));
        Assert.Equal(0, pair.Far.Receive(new byte[20]));
        pair.Far.Dispose();

        await closing.WaitAsync(TestDeadline.Value);
        Assert.True(Volatile.Read(ref isClosed));
        Assert.True(stream.Descriptor.IsClosed);
    }

    [Fact]
    public async Task Write_OfASocketWhosePeerIsGone_IsAnIOException()
    {
        using var pair = SocketPair.Unix(options: EnclaveStream.SocketOptions);
        await using var stream = new EnclaveStream(pair.Near);
        pair.Far.Dispose();

        var failure = await Assert.ThrowsAsync<IOException>(async () => await stream.WriteAsync("x"u8.ToArray()));

        Assert.Equal(SocketError.Shutdown, Assert.IsType<SocketException>(failure.InnerException).SocketErrorCode);
    }
}
