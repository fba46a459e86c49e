using ParentProxy.Egress;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Egress;

public sealed class EgressRefusalsTests : IDisposable
{
    private static readonly EgressPeer App = new(16, "0", "app");
    private static readonly EgressPeer Other = new(17, null, null);

    private readonly ManualTimeProvider _time = new();
    private readonly TestLog _log = new();

    public void Dispose() => _log.Dispose();

    [Fact]
    public void Add_TheSameThingAgain_IsOneLineAndOneMoreWithTheCountAMinuteLater()
    {
        using var refusals = Create();
        for (var i = 0; i < 4; i++)
            refusals.Add(App, "l", "a.example:443", "denied", "no rule");
        refusals.Add(Other, "l", "a.example:443", "denied", "no rule");
        refusals.Add(App, "l", "a.example:443", "timeout", "no answer");

        Assert.Equal(3, _log.Entries.Count);
        Assert.Equal("app (CID 16) did not reach a.example:443 on l (denied): no rule", _log.Entries[0].Message);

        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("app (CID 16) did not reach a.example:443, 3 more times within a minute (denied): no rule", _log.Entries[3].Message);

        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(4, _log.Entries.Count);
        refusals.Add(App, "l", "a.example:443", "denied", "no rule");
        Assert.Equal(5, _log.Entries.Count);
        Assert.Equal(5, refusals.Recent[0].Count);
    }

    [Fact]
    public void Add_ManyDifferentThings_RemembersTheLastAndBoundsTheLog()
    {
        using var refusals = Create();
        for (var i = 0; i < 1000; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            refusals.Add(App, "l", $"{i}.example:443", "denied", "no rule");
        }

        Assert.Equal(50, refusals.Recent.Count);
        Assert.Equal("999.example:443", refusals.Recent[0].What);
        Assert.InRange(_log.Entries.Count, 100, 120);

        // Another enclave is neither silenced by it nor forgotten for it.
        refusals.Add(Other, "l", "mine.example:443", "denied", "no rule");
        Assert.Contains("CID 17 did not reach mine.example:443", _log.Entries[^1].Message, StringComparison.Ordinal);
        refusals.Add(App, "l", "more.example:443", "denied", "no rule");
        Assert.Contains(refusals.Recent, refusal => refusal.What == "mine.example:443");
    }

    [Fact]
    public void Add_OneMoreWhileAllOthersHaveRepeatsToSay_IsRememberedWithThem()
    {
        using var refusals = Create();
        for (var i = 0; i < 50; i++)
        {
            refusals.Add(App, "l", $"{i}.example", "denied", "no rule");
            refusals.Add(App, "l", $"{i}.example", "denied", "no rule");
        }

        for (var i = 0; i < 4; i++)
            refusals.Add(App, "l", "last.example", "denied", "no rule");

        Assert.Equal(51, _log.Entries.Count);
        Assert.Equal(4, refusals.Recent.Single(refusal => refusal.What == "last.example").Count);
    }

    [Fact]
    public void Add_AfterManyEnclaves_ALateOneIsNotSilencedByAnother()
    {
        using var refusals = Create();
        for (var cid = 100u; cid < 200; cid++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            refusals.Add(new EgressPeer(cid, null, null), "l", "a.example:443", "denied", "no rule");
        }

        for (var i = 0; i < 1000; i++)
            refusals.Add(App, "l", $"{i}.example:443", "denied", "no rule");
        refusals.Add(Other, "l", "mine.example:443", "denied", "no rule");

        Assert.Contains("CID 17 did not reach mine.example:443", _log.Entries[^1].Message, StringComparison.Ordinal);
    }

    private EgressRefusals Create() => new(_time, _log.CreateLogger("test"));
}
