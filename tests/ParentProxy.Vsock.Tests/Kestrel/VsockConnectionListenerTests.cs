using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;

namespace ParentProxy.Vsock.Tests.Kestrel;

public sealed class VsockConnectionListenerTests : IDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly UnixPair _pair = new();

    public void Dispose() => _pair.Dispose();

    public static TheoryData<int> Shortages =>
        [Errno.EMFILE.Value, Errno.ENFILE.Value, Errno.ENOBUFS.Value, Errno.ENOMEM.Value, Errno.Unknown.Value];

    [Theory]
    [MemberData(nameof(Shortages))]
    public async Task Accept_Shortage_PausesLongerEachTimeThenGoesOn(int errno)
    {
        const int Failures = 10;
        var source = new FakeAcceptSource([.. Enumerable.Repeat(() => Fail(new Errno(errno)), Failures), () => _pair.CreateStream()]);
        await using VsockConnectionListener listener = CreateListener(source);

        Task<ConnectionContext?> accepting = listener.AcceptAsync().AsTask();
        var pauses = new List<double>();
        for (int i = 0; i < Failures; i++)
        {
            TimeSpan pause = await Safety.WithinAsync(_clock.TimersSet.ReadAsync());
            Assert.Equal(i + 1, source.Accepts);
            pauses.Add(pause.TotalMilliseconds);
            _clock.Advance(pause);
        }

        await using ConnectionContext? connection = await Safety.WithinAsync(accepting);
        Assert.NotNull(connection);
        Assert.Equal([5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000], pauses);
    }

    [Fact]
    public async Task Accept_TransientError_IsSkippedWithoutPause()
    {
        var source = new FakeAcceptSource(() => Fail(Errno.ECONNABORTED), () => Fail(Errno.EPROTO), () => _pair.CreateStream());
        await using VsockConnectionListener listener = CreateListener(source);

        await using ConnectionContext? connection = await Safety.WithinAsync(listener.AcceptAsync());

        Assert.NotNull(connection);
        Assert.False(_clock.TimersSet.TryRead(out _));
    }

    [Fact]
    public async Task Unbind_WhileAccepting_EndsAtOnce()
    {
        await using VsockConnectionListener listener = CreateListener(new FakeAcceptSource());
        Task<ConnectionContext?> accepting = listener.AcceptAsync().AsTask();

        await listener.UnbindAsync();

        Assert.Null(await Safety.WithinAsync(accepting));
        Assert.Null(await Safety.WithinAsync(listener.AcceptAsync()));
    }

    [Fact]
    public async Task Unbind_WhilePausing_EndsAtOnce()
    {
        await using VsockConnectionListener listener = CreateListener(new FakeAcceptSource(() => Fail(Errno.EMFILE)));
        Task<ConnectionContext?> accepting = listener.AcceptAsync().AsTask();
        await Safety.WithinAsync(_clock.TimersSet.ReadAsync());

        await listener.UnbindAsync();

        Assert.Null(await Safety.WithinAsync(accepting));
    }

    [Fact]
    public async Task Accept_CallerCancels_Throws()
    {
        await using VsockConnectionListener listener = CreateListener(new FakeAcceptSource(() => Fail(Errno.EMFILE)));
        using var cancel = new CancellationTokenSource();
        Task<ConnectionContext?> pausing = listener.AcceptAsync(cancel.Token).AsTask();
        await Safety.WithinAsync(_clock.TimersSet.ReadAsync());
        cancel.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Safety.WithinAsync(pausing));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Safety.WithinAsync(listener.AcceptAsync(cancel.Token)));
    }

    private static VsockStream? Fail(Errno errno) => throw new VsockException(errno, "accept", UnixPair.LocalEndPoint);

    private VsockConnectionListener CreateListener(IAcceptSource source) =>
        new(source, new VsockTransportOptions(), pool: null, NullLogger.Instance, _clock);
}
