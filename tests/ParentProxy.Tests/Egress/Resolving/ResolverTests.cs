using System.Net;
using ParentProxy.Dns;
using ParentProxy.Egress.Resolving;
using ParentProxy.Endpoints;
using ParentProxy.Tests.Dns;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Egress.Resolving;

public sealed class ResolverTests : IDisposable
{
    private readonly FakeResolver _dns = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly TemporaryDirectory _folder = new();
    private readonly string _hosts;
    private readonly Resolver _resolver;

    public ResolverTests()
    {
        _hosts = _folder.File("hosts");
        var client = new UpstreamClient(() => ValueTask.FromResult<IReadOnlyList<IPEndPoint>>([_dns.EndPoint]), _clock);
        _resolver = new Resolver(new HostsFile(_clock, _hosts), new DnsCache(client, () => 100, _clock), _clock);
    }

    [Fact]
    public async Task Resolve_BothKinds_GivesThemInTurn()
    {
        _dns.Hold(
            DnsBytes.Address("192.0.2.1"), DnsBytes.Address("192.0.2.2"), DnsBytes.Address("192.0.2.3"), DnsBytes.Address("2001:db8::1"));

        // Whichever comes first, the other is waited for only for a moment, which never passes here.
        Assert.Equal(["2001:db8::1", "192.0.2.1", "192.0.2.2", "192.0.2.3"], await ResolveAsync("a.example"));
    }

    [Fact]
    public async Task Resolve_OneKindIsNeverAnswered_DoesNotWaitForIt()
    {
        _dns.Answers = (query, _) =>
            DnsQuery.Read(query)!.Type == DnsType.Aaaa ? null : [DnsBytes.Answer(query, [DnsBytes.Address("192.0.2.1")])];
        var resolving = ResolveAsync("a.example");

        await _clock.WaitForTimerAsync(TimeSpan.FromMilliseconds(50));
        _clock.Advance(TimeSpan.FromMilliseconds(50));

        Assert.Equal(["192.0.2.1"], await resolving);
    }

    [Fact]
    public async Task Resolve_Ipv6IsAnsweredFirst_WaitsForIpv4()
    {
        // A resolver that is asked again for A, since its first question was lost.
        var asked = 0;
        _dns.Answers = (query, _) => DnsQuery.Read(query)!.Type == DnsType.Aaaa
            ? [DnsBytes.Answer(query, [DnsBytes.Address("2001:db8::1")])]
            : asked++ == 0 ? null : [DnsBytes.Answer(query, [DnsBytes.Address("192.0.2.1")])];
        var resolving = ResolveAsync("a.example");

        // What is left to wait for: the second question for A, the end of all patience with it, and the place that the first one has.
        await Eventually.TrueAsync(() => _dns.Asked.Count == 2 && _clock.Timers == 3, () => $"{_clock.Timers} timers");
        _clock.Advance(TimeSpan.FromSeconds(0.8));

        Assert.Equal(["2001:db8::1", "192.0.2.1"], await resolving);
    }

    [Fact]
    public async Task Resolve_Aliases_FollowsThemInTheAnswerAndBeyond()
    {
        _dns.Answers = (query, _) => DnsQuery.Read(query)! switch
        {
            { Name: "a.example" } =>
            [
                DnsBytes.Answer(query, [DnsBytes.Alias("C.example", name: DnsBytes.Name("b.example")), DnsBytes.Alias("b.example")]),
            ],
            { Name: "c.example", Type: DnsType.A } => [DnsBytes.Answer(query, [DnsBytes.Address("192.0.2.1")])],
            _ => [DnsBytes.Answer(query)],
        };

        Assert.Equal(["192.0.2.1"], await ResolveAsync("a.example"));
    }

    [Fact]
    public async Task Resolve_AliasesOfOtherNames_AreNotFollowed()
    {
        _dns.Hold(
            DnsBytes.Alias("evil.example", name: DnsBytes.Name("other.example")),
            DnsBytes.Address("192.0.2.66", name: DnsBytes.Name("evil.example")),
            DnsBytes.Address("192.0.2.1"));

        Assert.Equal(["192.0.2.1"], await ResolveAsync("a.example"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Resolve_AliasesInACircle_Ends(bool inOneAnswer)
    {
        _dns.Answers = (query, _) =>
        [
            DnsBytes.Answer(query, inOneAnswer
                ? [DnsBytes.Alias("b.example"), DnsBytes.Alias("a.example", name: DnsBytes.Name("b.example"))]
                : [DnsBytes.Alias(DnsQuery.Read(query)!.Name == "a.example" ? "b.example" : "a.example")]),
        ];

        var failure = await Assert.ThrowsAsync<ResolveException>(() => ResolveAsync("a.example"));

        Assert.Equal("ALIASES", failure.Code);
        Assert.InRange(_dns.Asked.Count, 2, 40);
    }

    [Fact]
    public async Task Resolve_DoesNotExist_SaysWhoSaysSo()
    {
        _dns.Answers = (query, _) => [DnsBytes.Answer(query, authority: [DnsBytes.Soa()], code: DnsResponseCode.NxDomain)];

        var failure = await Assert.ThrowsAsync<ResolveException>(() => ResolveAsync("a.example"));

        Assert.Equal("NXDOMAIN", failure.Code);
        Assert.Equal($"a.example does not exist: {_dns.EndPoint}: NXDOMAIN (UDP)", failure.Message);
    }

    [Fact]
    public async Task Resolve_HasNoAddress_SaysSo()
    {
        _dns.Hold();

        var failure = await Assert.ThrowsAsync<ResolveException>(() => ResolveAsync("a.example"));

        Assert.Equal("NODATA", failure.Code);
        Assert.Equal($"a.example exists but has no address: {_dns.EndPoint}: OK (UDP)", failure.Message);
    }

    [Fact]
    public async Task Resolve_NobodyAnswers_SaysWhoWasAsked()
    {
        _dns.Fail(DnsResponseCode.Refused);

        var failure = await Assert.ThrowsAsync<ResolveException>(() => ResolveAsync("a.example"));

        Assert.Equal("REFUSED", failure.Code);
        Assert.Equal($"a.example could not be resolved: {_dns.EndPoint}: REFUSED (UDP)", failure.Message);
    }

    [Fact]
    public async Task Resolve_ResolverFailsLater_IsStale()
    {
        _dns.Hold(DnsBytes.Address("192.0.2.1"));
        await ResolveAsync("a.example");
        _dns.Fail(DnsResponseCode.ServFail);
        _clock.Advance(TimeSpan.FromMinutes(5));

        var resolved = await _resolver.ResolveAsync(Name("a.example"), enclave: null, CancellationToken.None);

        Assert.Equal($"{_dns.EndPoint}: SERVFAIL (UDP)", resolved.Stale);
        Assert.Equal([IPAddress.Parse("192.0.2.1")], resolved.Addresses);
    }

    [Fact]
    public async Task Resolve_NameOfTheHostsFile_AsksNobody()
    {
        await File.WriteAllTextAsync(_hosts, "# 192.0.2.9 a.example\n192.0.2.1\tother A.example. # comment\n\n2001:db8::1 a.example\nwrong a.example\n");

        Assert.Equal(["2001:db8::1", "192.0.2.1"], await ResolveAsync("a.example"));
        Assert.Empty(_dns.Asked);
    }

    [Fact]
    public async Task Resolve_QuotaOfTheEnclaveIsTaken_IsBusyForItAloneAndButForWhatIsAskedAlready()
    {
        var client = new UpstreamClient(() => ValueTask.FromResult<IReadOnlyList<IPEndPoint>>([_dns.EndPoint]), _clock);
        var cache = new DnsCache(client, () => 100, _clock, new DnsQuota(each: 2, all: 3500));
        var resolver = new Resolver(new HostsFile(_clock, _hosts), cache, _clock);
        _dns.BeMute();
        var first = resolver.ResolveAsync(Name("a.example"), "16", CancellationToken.None).AsTask();
        await _dns.AskedTimesAsync(2);

        var busy = await Assert.ThrowsAsync<ResolveException>(
            () => resolver.ResolveAsync(Name("b.example"), "16", CancellationToken.None).AsTask());
        Assert.Equal("busy", busy.Code);
        Assert.Equal(
            "b.example could not be resolved: nobody was asked, as 2 questions of this enclave are open, or 3500 of all", busy.Message);
        var same = resolver.ResolveAsync(Name("a.example"), "16", CancellationToken.None).AsTask();
        _dns.Hold(DnsBytes.Address("192.0.2.1"));
        await resolver.ResolveAsync(Name("b.example"), "17", CancellationToken.None);

        _clock.Advance(TimeSpan.FromSeconds(1.9));
        Assert.Equal(["timeout", "timeout"], (await Task.WhenAll(Failure(first), Failure(same))).Select(failure => failure.Code));

        static Task<ResolveException> Failure(Task<ResolvedHost> resolving) => Assert.ThrowsAsync<ResolveException>(() => resolving);
    }

    [Fact]
    public async Task Resolve_HostsFileChanges_IsReadAgain()
    {
        _dns.Hold(DnsBytes.Address("192.0.2.1"));
        Assert.Equal(["192.0.2.1"], await ResolveAsync("a.example"));

        await File.WriteAllTextAsync(_hosts, "192.0.2.2 a.example");
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["192.0.2.2"], await ResolveAsync("a.example"));

        File.Delete(_hosts);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["192.0.2.1"], await ResolveAsync("a.example"));
    }

    [Fact]
    public async Task SystemResolvers_AreThoseOfTheFile()
    {
        var path = _folder.File("resolv.conf");
        var system = new SystemResolvers(_clock, path);
        Assert.Equal([new IPEndPoint(IPAddress.Loopback, 53)], await system.GetAsync());

        await File.WriteAllTextAsync(path, "# nameserver 192.0.2.9\nsearch example\nnameserver 192.0.2.53\n nameserver\tfd00:ec2::253 # VPC\nnameserver x\n");
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(
            [new IPEndPoint(IPAddress.Parse("192.0.2.53"), 53), new IPEndPoint(IPAddress.Parse("fd00:ec2::253"), 53)], await system.GetAsync());
    }

    public void Dispose()
    {
        _dns.Dispose();
        _folder.Dispose();
    }

    private static HostName Name(string text) => HostName.TryParse(text, out var name, out _) ? name : throw new ArgumentException(text);

    private async Task<IEnumerable<string>> ResolveAsync(string name) =>
        (await _resolver.ResolveAsync(Name(name), enclave: null, CancellationToken.None).AsTask().WaitAsync(TestDeadline.Value))
            .Addresses.Select(address => address.ToString());
}
