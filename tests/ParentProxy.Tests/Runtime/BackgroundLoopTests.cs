using ParentProxy.Runtime;

namespace ParentProxy.Tests.Runtime;

public sealed class BackgroundLoopTests
{
    private readonly List<Exception> _faults = [];

    [Fact]
    public async Task DisposeAsync_CancelsTheWork_AndThatIsNoFault()
    {
        var loop = new BackgroundLoop(_faults.Add);
        loop.Start(cancellationToken => Task.Delay(Timeout.Infinite, cancellationToken));

        await loop.DisposeAsync();

        Assert.Empty(_faults);
    }

    [Fact]
    public async Task Stop_CancelsTheWork_AndDoesNotWaitForIt()
    {
        var (stopped, may) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var loop = new BackgroundLoop(_faults.Add);
        loop.Start(async cancellationToken =>
        {
            await using var registration = cancellationToken.Register(stopped.SetResult);
            await may.Task;
        });

        loop.Stop();
        await stopped.Task;
        may.SetResult();

        Assert.Empty(_faults);
    }

    [Fact]
    public async Task AFault_IsToldAtOnce_AndThrownAtTheEnd()
    {
        var told = new TaskCompletionSource<Exception>();
        var loop = new BackgroundLoop(told.SetResult);
        loop.Start(_ => throw new InvalidOperationException("broken"));

        Assert.Equal("broken", (await told.Task).Message);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await loop.DisposeAsync());
    }

    [Fact]
    public async Task ACancellationThatNobodyAskedFor_IsAFault()
    {
        var told = new TaskCompletionSource<Exception>();
        var loop = new BackgroundLoop(told.SetResult);
        loop.Start(_ => throw new OperationCanceledException());

        Assert.IsType<OperationCanceledException>(await told.Task);
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await loop.DisposeAsync());
    }

    [Fact]
    public async Task WithoutAStart_EndsAtOnce() => await new BackgroundLoop(_faults.Add).DisposeAsync();
}
