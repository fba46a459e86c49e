using ParentProxy.Ingress.Failover;
using ParentProxy.Tests.Simulator;

namespace ParentProxy.Tests.Ingress.Failover;

public sealed class RetryBudgetTests
{
    private readonly ManualTimeProvider _time = new();

    [Theory]
    [InlineData(0, 20, RetryBudget.Floor)]
    [InlineData(50, 20, RetryBudget.Floor)]
    [InlineData(1000, 20, 200)]
    [InlineData(1000, 100, 1000)]
    [InlineData(1000, 0, 0)]
    public void TryTake_AfterSoManyRequests_GivesTheirShareOrTheFloor(int requests, int percent, int expected)
    {
        var budget = new RetryBudget(_time);
        Count(budget, requests);

        Assert.Equal(expected, Take(budget, percent));
    }

    [Fact]
    public void TryTake_TenSecondsLater_OnlyWhatCameSinceCounts()
    {
        var budget = new RetryBudget(_time);
        Count(budget, 1000);
        Assert.Equal(200, Take(budget, 20));
        _time.Advance(TimeSpan.FromSeconds(9));
        Count(budget, 100);
        Assert.Equal(20, Take(budget, 20));
        _time.Advance(TimeSpan.FromSeconds(1));

        // The first 1000 and their 200 are forgotten; the 100 and their 20 are not.
        Assert.Equal(0, Take(budget, 20));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(RetryBudget.Floor, Take(budget, 20));
    }

    [Fact]
    public void TryTake_EverythingFailsForLong_StaysBelowTheShareOfAllRequestsAndTheFloor()
    {
        var budget = new RetryBudget(_time);
        int requests = 0, retries = 0;
        var random = new Random(1);
        for (var tick = 0; tick < 5000; tick++)
        {
            var now = random.Next(0, 6);
            Count(budget, now);
            requests += now;
            retries += Take(budget, 20);
            Assert.InRange(retries, 0, requests * 0.2 + RetryBudget.Floor);
            _time.Advance(TimeSpan.FromMilliseconds(10));
        }

        Assert.InRange(retries, requests * 0.19, requests * 0.2 + RetryBudget.Floor);
    }

    private static void Count(RetryBudget budget, int requests)
    {
        for (var i = 0; i < requests; i++)
            budget.CountRequest();
    }

    private static int Take(RetryBudget budget, int percent)
    {
        var taken = 0;
        while (taken < 10_000 && budget.TryTake(percent))
            taken++;
        return taken;
    }
}
