using ParentProxy.Egress.Resolving;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Egress.Resolving;

public sealed class SendWindowTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly SendWindow _window;

    public SendWindowTests() => _window = new SendWindow(_clock);

    [Fact]
    public async Task Enter_AllPlacesAreTaken_WaitsForOneThatIsLeft()
    {
        var places = await FillAsync();
        var next = _window.EnterAsync(CancellationToken.None).AsTask();
        Assert.False(next.IsCompleted);

        places[7].Dispose();

        using var place = await next.WaitAsync(TestDeadline.Value);
        Assert.False(_window.EnterAsync(CancellationToken.None).IsCompleted);
    }

    [Fact]
    public async Task Enter_NobodyLeaves_WaitsForTheirTimeToBeOver()
    {
        var places = await FillAsync();
        var next = _window.EnterAsync(CancellationToken.None).AsTask();
        _clock.Advance(SendWindow.Longest);
        using var place = await next.WaitAsync(TestDeadline.Value);

        // Whoever leaves late has left before: there are as many places as ever, one of which was given away.
        foreach (var late in places)
            late.Dispose();
        for (var i = 1; i < SendWindow.Places; i++)
            Assert.True(_window.EnterAsync(CancellationToken.None).IsCompleted);
        Assert.False(_window.EnterAsync(CancellationToken.None).IsCompleted);
    }

    [Fact]
    public async Task Enter_GivenUp_TakesNoPlace()
    {
        var places = await FillAsync();
        using var giveUp = new CancellationTokenSource();
        var next = _window.EnterAsync(giveUp.Token).AsTask();
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);

        places[0].Dispose();

        Assert.True(_window.EnterAsync(CancellationToken.None).IsCompleted);
    }

    private async Task<List<IDisposable>> FillAsync()
    {
        var places = new List<IDisposable>();
        for (var i = 0; i < SendWindow.Places; i++)
            places.Add(await _window.EnterAsync(CancellationToken.None));
        return places;
    }
}
