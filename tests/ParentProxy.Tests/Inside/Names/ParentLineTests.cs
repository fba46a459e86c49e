using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Dns;
using ParentProxy.Inside.Names;
using ParentProxy.Tests.Dns;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Inside.Names;

/// <summary>What becomes of questions when the parent is away, slow, or breaks off.</summary>
public sealed class ParentLineTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    [Fact]
    public async Task Ask_StreamBreaks_IsAskedOnceMoreOnTheNext()
    {
        await using var bench = NameBench.Open();
        bench.Parent.Answers = _ => null;
        Task<DnsMessage>[] asking = [.. Enumerable.Range(0, 20).Select(i => bench.AskAsync(DnsBytes.Query($"h{i}.example")))];
        await bench.Parent.AskedTimesAsync(20);
        bench.Parent.Answers = query => [DnsBytes.Answer(query, [DnsBytes.Address("192.0.2.1")])];
        bench.Parent.Break();

        Assert.All(await Task.WhenAll(asking), answer => Assert.Equal(["192.0.2.1"], DnsBytes.Addresses(answer)));
        Assert.Equal((2, 40), (bench.Parent.Accepted, bench.Parent.Asked.Count));
        Assert.Empty(bench.Log.AtLeast(LogLevel.Warning));
    }

    [Fact]
    public async Task Ask_EveryStreamBreaks_IsAskedTwiceAndAnsweredWithServFail()
    {
        await using var bench = NameBench.Open();
        bench.Parent.Answers = _ =>
        {
            bench.Parent.Break();
            return null;
        };

        Assert.Equal(DnsResponseCode.ServFail, (await bench.AskAsync(DnsBytes.Query("a.example"))).ResponseCode);
        Assert.Equal(2, bench.Parent.Asked.Count);
    }

    [Fact]
    public async Task Ask_StreamClosedMeanwhile_IsAskedOnAnother()
    {
        await using var bench = NameBench.Open();
        await bench.AskAsync(DnsBytes.Query("a.example"));
        bench.Parent.Break();

        Assert.Equal(["192.0.2.1"], DnsBytes.Addresses(await bench.AskAsync(DnsBytes.Query("b.example"))));
        Assert.Equal(2, bench.Parent.Accepted);
    }

    [Fact]
    public async Task Ask_ParentComesInTime_IsAnswered()
    {
        var clock = new ManualTimeProvider();
        await using var bench = NameBench.Open(clock, isParentThere: false);
        var asking = bench.AskAsync(DnsBytes.Query("a.example"));
        await clock.WaitForTimerAsync(TimeSpan.FromMilliseconds(50));
        clock.Advance(TimeSpan.FromMilliseconds(50));
        await clock.WaitForTimerAsync(TimeSpan.FromMilliseconds(100));

        bench.Parent.Appear();
        clock.Advance(TimeSpan.FromMilliseconds(100));

        Assert.Equal(["192.0.2.1"], DnsBytes.Addresses(await asking));
    }

    [Fact]
    public async Task Ask_ParentAway_EndsWhenTheTimeIsOver_ThenAtOnce_UntilItIsBack()
    {
        var clock = new ManualTimeProvider();
        await using var bench = NameBench.Open(clock, isParentThere: false);
        var asking = bench.AskAsync(DnsBytes.Query("a.example", opt: DnsBytes.Opt()));
        foreach (var pause in (double[])[0.05, 0.1, 0.2, 0.4, 0.8, 1, 1])
            await PassAsync(clock, TimeSpan.FromSeconds(pause));
        Assert.False(asking.IsCompleted);
        await PassAsync(clock, TimeSpan.FromSeconds(1));

        var answer = await asking;
        Assert.Equal((DnsResponseCode.ServFail, (22, "the parent does not answer")), (answer.ResponseCode, DnsBytes.Error(answer)));
        var away = await bench.Log.WaitForAsync(entry => entry.Message.Contains("does not answer for names", StringComparison.Ordinal));
        Assert.Contains("ENOENT (there is no such socket file)", away.Message, StringComparison.Ordinal);
        Assert.Equal(DnsResponseCode.ServFail, (await bench.AskAsync(DnsBytes.Query("b.example"))).ResponseCode);

        bench.Parent.Appear();
        await PassAsync(clock, TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => bench.Parent.Accepted == 1);
        await Eventually.TrueAsync(
            async () => (await bench.AskAsync(DnsBytes.Query("a.example"))).ResponseCode == DnsResponseCode.NoError);
        Assert.Single(bench.Log.Entries, entry => entry.Message == $"The parent answers for names on {bench.Parent.EndPoint} again");
        Assert.Equal(2, bench.Measured()["parentproxy.inside.dns.questions timeout"]);
    }

    [Fact]
    public async Task Ask_ParentMute_EndsWhenTheTimeIsOver_AndTheNextIsAskedOnAnotherStream()
    {
        var clock = new ManualTimeProvider();
        await using var bench = NameBench.Open(clock);
        bench.Parent.Answers = _ => null;
        var asking = bench.AskAsync(DnsBytes.Query("a.example"));
        await bench.Parent.AskedTimesAsync(1);
        clock.Advance(Patience);
        Assert.Equal(DnsResponseCode.ServFail, (await asking).ResponseCode);

        bench.Parent.Answers = query => [DnsBytes.Answer(query, [DnsBytes.Address("192.0.2.1")])];
        asking = bench.AskAsync(DnsBytes.Query("b.example"));
        await PassAsync(clock, TimeSpan.FromMilliseconds(50));

        Assert.Equal(["192.0.2.1"], DnsBytes.Addresses(await asking));
        Assert.Equal(2, bench.Parent.Accepted);
    }

    [Fact]
    public async Task Ask_ParentAwayAfterItHasAnswered_IsAnsweredWithWhatWasSaid()
    {
        var clock = new ManualTimeProvider();
        await using var bench = NameBench.Open(clock);
        await bench.AskAsync(DnsBytes.Query("a.example"));
        bench.Parent.Vanish();
        clock.Advance(TimeSpan.FromSeconds(61));

        var asking = bench.AskAsync(DnsBytes.Query("a.example"));
        await clock.WaitForTimerAsync(Patience);
        clock.Advance(Patience);

        Assert.Equal(["192.0.2.1"], DnsBytes.Addresses(await asking));
        Assert.Equal(1, bench.Measured()["parentproxy.inside.dns.questions stale"]);
    }

    [Fact]
    public async Task Ask_MoreThanTheLimit_IsNotAsked()
    {
        await using var bench = new NameBench();
        bench.Parent.Answers = _ => null;
        var line = new ParentLine(bench.Parent.EndPoint, Patience, bench.Context, NullLogger.Instance, maxOpen: 2);
        Task<UpstreamResult>[] asking = [.. Enumerable.Range(0, 2).Select(i => line.AskAsync(DnsQuery.For($"h{i}.example", DnsType.A)!))];

        Assert.Equal(UpstreamResult.Busy, (await line.AskAsync(DnsQuery.For("a.example", DnsType.A)!)).Code);

        await bench.Parent.AskedTimesAsync(2);
        await line.DisposeAsync();
        Assert.All(await Task.WhenAll(asking), result => Assert.Equal("ended", result.Code));
    }

    private static async Task PassAsync(ManualTimeProvider clock, TimeSpan pause)
    {
        await clock.WaitForTimerAsync(pause);
        clock.Advance(pause);
    }
}
