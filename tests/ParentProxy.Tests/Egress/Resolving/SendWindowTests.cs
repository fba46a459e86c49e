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
        var next = EnterAsync();
        Assert.False(next.IsCompleted);

        places[7].Dispose();

        using var place = await next.WaitAsync(TestDeadline.Value);
        Assert.False(EnterAsync().IsCompleted);
    }

    [Fact]
    public async Task Enter_NobodyLeaves_WaitsForTheirTimeToBeOver()
    {
        var places = await FillAsync();
        var next = EnterAsync();
        _clock.Advance(SendWindow.Longest);
        using var place = await next.WaitAsync(TestDeadline.Value);

        // Whoever leaves late has left before: there are as many places as ever, one of which was given away.
        foreach (var late in places)
            late.Dispose();
        for (var i = 1; i < SendWindow.Places; i++)
            Assert.True(EnterAsync().IsCompleted);
        Assert.False(EnterAsync().IsCompleted);
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

        Assert.True(EnterAsync().IsCompleted);
    }

    private Task<IDisposable> EnterAsync() => _window.EnterAsync(CancellationToken.None).AsTask();

    private async Task<List<IDisposable>> FillAsync()
    {
        var places = new List<IDisposable>();
        for (var i = 0; i < SendWindow.Places; i++)
            places.Add(await EnterAsync());
        return places;
    }
}
