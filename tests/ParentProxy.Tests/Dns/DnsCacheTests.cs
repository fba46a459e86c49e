using System.Net;
using ParentProxy.Dns;
using ParentProxy.Egress.Resolving;
using ParentProxy.Tests.Egress.Resolving;
using ParentProxy.Tests.Simulator;

namespace ParentProxy.Tests.Dns;

public sealed class DnsCacheTests : IDisposable
{
    private readonly FakeResolver _resolver = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly DnsCache _cache;
    private int _capacity = 3;

    public DnsCacheTests()
    {
        _cache = new DnsCache(Upstream(), () => _capacity, _clock);
        _resolver.Hold(DnsBytes.Address("192.0.2.1", 60));
    }

    [Fact]
    public async Task Ask_Again_IsAnsweredFromMemoryUntilItsTimeIsOver()
    {
        Assert.Equal(DnsReplySource.Resolver, (await AskAsync(DnsBytes.Query("a.example"))).Source);
        _clock.Advance(TimeSpan.FromSeconds(59));
        var remembered = await AskAsync(DnsBytes.Query("A.EXAMPLE", id: 9));
        Assert.Equal(DnsReplySource.Memory, remembered.Source);
        var message = DnsBytes.Read(remembered.Message!);
        Assert.Equal((9, 1u), (message.Id, message.Records[0].Ttl));
        Assert.Equal($"{_resolver.EndPoint}: OK (UDP), remembered for 59 s", remembered.Report);

        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(DnsReplySource.Resolver, (await AskAsync(DnsBytes.Query("a.example"))).Source);
        Assert.Equal(2, _resolver.Asked.Count);
    }

    [Fact]
    public async Task Ask_WhatDoesNotExist_IsRememberedAsTheSoaSays()
    {
        _resolver.Answers = (query, _) => [DnsBytes.Answer(query, authority: [DnsBytes.Soa(300, 20)], code: DnsResponseCode.NxDomain)];

        await AskAsync(DnsBytes.Query("a.example"));
        _clock.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal((DnsReplySource.Memory, "NXDOMAIN"), SourceAndCode(await AskAsync(DnsBytes.Query("a.example"))));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((DnsReplySource.Resolver, "NXDOMAIN"), SourceAndCode(await AskAsync(DnsBytes.Query("a.example"))));
    }

    [Fact]
    public async Task Ask_NoTimeToLive_IsRememberedForASecond()
    {
        _resolver.Hold(DnsBytes.Address("192.0.2.1", 0));

        await AskAsync(DnsBytes.Query("a.example"));
        Assert.Equal(DnsReplySource.Memory, (await AskAsync(DnsBytes.Query("a.example"))).Source);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(DnsReplySource.Resolver, (await AskAsync(DnsBytes.Query("a.example"))).Source);
    }

    [Fact]
    public async Task Ask_WhatChangesTheAnswer_IsAnotherQuestion()
    {
        byte[][] queries =
        [
            DnsBytes.Query("a.example"),
            DnsBytes.Query("a.example", DnsType.Aaaa),
            DnsBytes.Query("a.example", opt: DnsBytes.Opt(1232, dnssec: true)),
            DnsBytes.Query("a.example", flags: DnsFlags.RecursionDesired | DnsFlags.CheckingDisabled),
        ];
        _capacity = 10;
        foreach (var query in queries)
            Assert.Equal(DnsReplySource.Resolver, (await AskAsync(query)).Source);
        foreach (var query in queries)
            Assert.Equal(DnsReplySource.Memory, (await AskAsync(query)).Source);

        // EDNS alone does not.
        Assert.Equal(DnsReplySource.Memory, (await AskAsync(DnsBytes.Query("a.example", opt: DnsBytes.Opt()))).Source);
    }

    [Fact]
    public async Task Ask_WithClientSubnet_IsNotRemembered()
    {
        var query = DnsBytes.Query("a.example", opt: DnsBytes.Opt(1232, false, 0, DnsBytes.Option(8, 0, 1, 24, 0, 192, 0, 2)));

        for (var i = 0; i < 2; i++)
            Assert.Equal(DnsReplySource.Resolver, (await AskAsync(query)).Source);
        Assert.Equal(0, _cache.Count);
    }

    [Fact]
    public async Task Ask_AtTheSameMoment_AsksTheResolverOnce()
    {
        var ready = new ManualResetEventSlim();
        _resolver.Answers = (query, _) =>
        {
            ready.Wait();
            return [DnsBytes.Answer(query, [DnsBytes.Address("192.0.2.1")])];
        };
        var asking = Enumerable.Range(0, 20).Select(i => AskAsync(DnsBytes.Query("a.example", id: (ushort)i))).ToArray();
        ready.Set();

        var replies = await Task.WhenAll(asking);

        Assert.Equal(Enumerable.Range(0, 20), replies.Select(reply => (int)DnsBytes.Read(reply.Message!).Id));
        Assert.Single(_resolver.Asked);
    }

    [Fact]
    public async Task Ask_MoreThanTheCapacity_ForgetsWhatWasNotWantedForLongest()
    {
        foreach (var name in (string[])["a", "b", "c", "a", "d"])
            await AskAsync(DnsBytes.Query(name));

        Assert.Equal(3, _cache.Count);
        Assert.Equal(DnsReplySource.Memory, (await AskAsync(DnsBytes.Query("a"))).Source);
        Assert.Equal(DnsReplySource.Resolver, (await AskAsync(DnsBytes.Query("b"))).Source);

        _capacity = 0;
        await AskAsync(DnsBytes.Query("e"));
        Assert.Equal(DnsReplySource.Resolver, (await AskAsync(DnsBytes.Query("e"))).Source);
    }

    [Fact]
    public async Task Ask_ResolverFails_IsAnsweredStaleForADay()
    {
        await AskAsync(DnsBytes.Query("a.example"));
        _resolver.Fail(DnsResponseCode.ServFail);
        _clock.Advance(TimeSpan.FromHours(23));

        for (var i = 0; i < 2; i++)
        {
            var stale = await AskAsync(DnsBytes.Query("a.example", opt: DnsBytes.Opt()));
            Assert.Equal(DnsReplySource.Stale, stale.Source);
            Assert.Equal(["192.0.2.1"], DnsBytes.Addresses(DnsBytes.Read(stale.Message!)));
            Assert.Equal(30u, DnsBytes.Read(stale.Message!).Records[0].Ttl);
            Assert.Equal(3, DnsBytes.Error(DnsBytes.Read(stale.Message!))!.Value.InfoCode);
            Assert.Equal($"{_resolver.EndPoint}: SERVFAIL (UDP)", stale.Report);
        }

        // Of the two the second did not wait for the resolver, which is asked again after 30 seconds.
        Assert.Equal(2, _resolver.Asked.Count);
        _clock.Advance(TimeSpan.FromSeconds(30));
        _resolver.Hold(DnsBytes.Address("192.0.2.7"));
        Assert.Equal(["192.0.2.7"], DnsBytes.Addresses(DnsBytes.Read((await AskAsync(DnsBytes.Query("a.example"))).Message!)));

        _resolver.Fail(DnsResponseCode.ServFail);
        _clock.Advance(TimeSpan.FromHours(25));
        Assert.Equal((DnsReplySource.Resolver, "SERVFAIL"), SourceAndCode(await AskAsync(DnsBytes.Query("a.example"))));
    }

    [Fact]
    public async Task Ask_FailureAndNothingRemembered_IsPassedOn()
    {
        _resolver.Answers = (query, _) =>
            [DnsBytes.Answer(query, additional: [DnsBytes.Opt(1232, false, 0, DnsBytes.Option(15, 0, 6))], code: DnsResponseCode.ServFail)];

        var reply = await AskAsync(DnsBytes.Query("a.example", opt: DnsBytes.Opt()));

        Assert.Equal(6, DnsBytes.Error(DnsBytes.Read(reply.Message!))!.Value.InfoCode);
    }

    [Fact]
    public async Task Ask_QuotaOfAnEnclaveIsTaken_IsBusyForItAlone()
    {
        var cache = new DnsCache(Upstream(), () => _capacity, _clock, new DnsQuota(each: 1, all: 2));
        await Ask("known", "16");
        _resolver.BeMute();
        using var gone = new CancellationTokenSource();
        var abandoned = cache.AskAsync(Query("a"), gone.Token, "16").AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned);

        // The resolver is still asked, so the place is taken; memory is free to all.
        Assert.Equal((null, "busy"), Outcome(await Ask("b", "16")));
        Assert.Equal((null, "busy"), Outcome(await cache.AskAsync(
            DnsQuery.Read(DnsBytes.Query("b", opt: DnsBytes.Opt(1232, false, 0, DnsBytes.Option(8, 0, 1, 0, 0))))!, default, "16")));
        Assert.Equal(DnsReplySource.Memory, (await Ask("known", "16")).Source);

        // One more of another enclave, then none of any; this program asks on.
        var other = Ask("c", "17");
        Assert.Equal((null, "busy"), Outcome(await Ask("d", "18")));
        await _resolver.AskedTimesAsync(3);
        _resolver.Hold(DnsBytes.Address("192.0.2.1"));
        Assert.Equal("OK", (await Ask("e", null)).Code);

        // Whatever its second try was answered.
        _clock.Advance(TimeSpan.FromSeconds(1.9));
        await other;
        Assert.Equal("OK", (await Ask("f", "17")).Code);

        Task<DnsReply> Ask(string name, string? enclave) => cache.AskAsync(Query(name), CancellationToken.None, enclave).AsTask();

        static DnsQuery Query(string name) => DnsQuery.Read(DnsBytes.Query(name))!;

        static (byte[]? Message, string Code) Outcome(DnsReply reply) => (reply.Message, reply.Code);
    }

    [Fact]
    public async Task Ask_Busy_IsAnsweredStaleAndIsNoFailureOfTheResolvers()
    {
        var cache = new DnsCache(Upstream(maxOpen: 1), () => _capacity, _clock);
        var query = DnsQuery.Read(DnsBytes.Query("a.example"))!;
        await cache.AskAsync(query, CancellationToken.None);
        _clock.Advance(TimeSpan.FromMinutes(2));
        _resolver.BeMute();
        var open = cache.AskAsync(DnsQuery.Read(DnsBytes.Query("b.example"))!, CancellationToken.None).AsTask();
        await _resolver.AskedTimesAsync(2);
        Assert.Equal(DnsReplySource.Stale, (await cache.AskAsync(query, CancellationToken.None)).Source);

        _resolver.Hold(DnsBytes.Address("192.0.2.7"));
        _clock.Advance(TimeSpan.FromSeconds(1.9));
        await open;
        Assert.Equal(DnsReplySource.Resolver, (await cache.AskAsync(query, CancellationToken.None)).Source);
    }

    public void Dispose() => _resolver.Dispose();

    private UpstreamClient Upstream(int maxOpen = 10) =>
        new(() => ValueTask.FromResult<IReadOnlyList<IPEndPoint>>([_resolver.EndPoint]), _clock, maxOpen);

    private static (DnsReplySource Source, string Code) SourceAndCode(DnsReply reply) => (reply.Source, reply.Code);

    private Task<DnsReply> AskAsync(byte[] query) => _cache.AskAsync(DnsQuery.Read(query)!, CancellationToken.None).AsTask();
}
