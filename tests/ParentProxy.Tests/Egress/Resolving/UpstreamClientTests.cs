using System.Net;
using ParentProxy.Dns;
using ParentProxy.Egress.Resolving;
using ParentProxy.Tests.Dns;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Egress.Resolving;

public sealed class UpstreamClientTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(0.8);
    private static readonly byte[] Query = DnsBytes.Query("A.example", opt: DnsBytes.Opt(4096, true, 0, DnsBytes.Option(10, 1, 2, 3, 4, 5, 6, 7, 8)));

    private readonly FakeResolver _first = new();
    private readonly FakeResolver _second = new();
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public async Task Ask_PassesTheQuestionWithARandomIdAlone()
    {
        _first.Hold(DnsBytes.Address("192.0.2.1"));

        for (var i = 0; i < 3; i++)
            Assert.Equal(["192.0.2.1"], DnsBytes.Addresses((await AskAsync()).Answer!));

        Assert.All(_first.Asked, asked => Assert.Equal(Query[2..], asked.Bytes[2..]));
        Assert.NotEqual(1, _first.Asked.Select(asked => asked.Bytes[0] << 8 | asked.Bytes[1]).Distinct().Count());
        Assert.Empty(_second.Asked);
    }

    [Fact]
    public async Task Ask_AnswerOfAnotherQuestion_IsNotTaken()
    {
        _first.Answers = (query, _) =>
        [
            [1, 2, 3],
            DnsBytes.Answer((byte[])[(byte)~query[0], .. query.AsSpan(1)], [DnsBytes.Address("192.0.2.66")]),
            DnsBytes.Answer(DnsBytes.Query("b.example", id: (ushort)(query[0] << 8 | query[1])), [DnsBytes.Address("192.0.2.66")]),
            query,
            DnsBytes.Answer(query, [DnsBytes.Address("192.0.2.1")]),
        ];

        Assert.Equal(["192.0.2.1"], DnsBytes.Addresses((await AskAsync()).Answer!));
    }

    [Fact]
    public async Task Ask_Truncated_AsksOverTcp()
    {
        _first.Answers = (query, isTcp) => isTcp
            ? [DnsBytes.Answer(query, [.. Enumerable.Range(1, 200).Select(i => DnsBytes.Address($"192.0.2.{i}"))])]
            : [DnsBytes.Answer(query, [DnsBytes.Address("192.0.2.1")], flags: DnsFlags.Truncated)];

        var result = await AskAsync();

        Assert.Equal(200, DnsBytes.Addresses(result.Answer!).Count());
        Assert.Equal([false, true], _first.Asked.Select(asked => asked.IsTcp));
        Assert.Equal($"{_first.EndPoint}: OK (TCP)", result.Report);
    }

    [Fact]
    public async Task Ask_LongerThanAskedFor_AsksOverTcp()
    {
        _first.Answers = (query, _) => [DnsBytes.Answer(query, [.. Enumerable.Range(1, 255).Select(i => DnsBytes.Address($"192.0.2.{i}"))])];

        var result = await new UpstreamClient(Resolvers(_first), _clock).AskAsync(DnsQuery.Read(DnsBytes.Query("a.example"))!);

        Assert.Equal(255, DnsBytes.Addresses(result.Answer!).Count());
    }

    [Theory]
    [InlineData((int)DnsResponseCode.ServFail, "SERVFAIL")]
    [InlineData((int)DnsResponseCode.Refused, "REFUSED")]
    [InlineData((int)DnsResponseCode.FormErr, "FORMERR")]
    public async Task Ask_OneDoesNotKnow_AsksTheNext(int code, string name)
    {
        _first.Fail((DnsResponseCode)code);
        _second.Hold(DnsBytes.Address("192.0.2.2"));

        Assert.Equal(["192.0.2.2"], DnsBytes.Addresses((await AskAsync()).Answer!));

        _second.Fail((DnsResponseCode)code);
        var result = await AskAsync();
        Assert.False(result.IsKnown);
        Assert.Equal((DnsResponseCode)code, result.Answer!.ResponseCode);
        Assert.Equal(name, result.Code);
        Assert.Equal($"{_first.EndPoint}: {name} (UDP); {_second.EndPoint}: {name} (UDP)", result.Report);
    }

    [Fact]
    public async Task Ask_NameDoesNotExist_AsksNobodyElse()
    {
        _first.Fail(DnsResponseCode.NxDomain);

        var result = await AskAsync();

        Assert.True(result.IsKnown);
        Assert.Equal("NXDOMAIN", result.Code);
        Assert.Empty(_second.Asked);
    }

    [Fact]
    public async Task Ask_NobodyListens_SaysSo()
    {
        var nobody = _first.EndPoint;
        _first.Dispose();

        var result = await new UpstreamClient(() => ValueTask.FromResult<IReadOnlyList<IPEndPoint>>([nobody]), _clock)
            .AskAsync(DnsQuery.Read(Query)!);

        Assert.Null(result.Answer);
        Assert.Equal("ECONNREFUSED", result.Code);
        Assert.Equal($"{nobody}: ECONNREFUSED, connection refused (UDP)", result.Report);
    }

    [Fact]
    public async Task Ask_OneIsMute_AsksTheNextAndListensToBoth()
    {
        byte[]? held = null;
        _first.Answers = (query, _) =>
        {
            held = query;
            return null;
        };
        _second.BeMute();
        var asking = AskAsync();
        await _clock.WaitForTimerAsync(Patience);
        _clock.Advance(Patience);
        await _second.AskedTimesAsync(1);
        Assert.False(asking.IsCompleted);

        // The second try of the first one is answered.
        _first.Hold(DnsBytes.Address("192.0.2.1"));
        await _clock.WaitForTimerAsync(Patience);
        _clock.Advance(Patience);

        Assert.Equal(["192.0.2.1"], DnsBytes.Addresses((await asking).Answer!));
        Assert.NotNull(held);
    }

    [Fact]
    public async Task Ask_AllAreMute_EndsWithinTwoSeconds()
    {
        var asking = AskAsync();
        await _clock.WaitForTimerAsync(Patience);
        await _first.AskedTimesAsync(1);
        _clock.Advance(TimeSpan.FromSeconds(2));

        var result = await asking.WaitAsync(TestDeadline.Value);
        Assert.Null(result.Answer);
        Assert.Equal("timeout", result.Code);
        Assert.Contains($"{_first.EndPoint}: no answer (UDP)", result.Report);
        Assert.Equal(0, _clock.Timers);
    }

    [Fact]
    public async Task Ask_TooManyAreOpen_AsksNobody()
    {
        var client = new UpstreamClient(Resolvers(_first), _clock, maxOpen: 1);
        var asking = client.AskAsync(DnsQuery.Read(Query)!);
        await _first.AskedTimesAsync(1);

        var result = await client.AskAsync(DnsQuery.Read(Query)!);
        Assert.Equal((null, "busy", "nobody was asked, as 1 questions are open"), (result.Answer, result.Code, result.Report));

        _clock.Advance(TimeSpan.FromSeconds(2));
        await asking;
        _first.Hold(DnsBytes.Address("192.0.2.1"));
        Assert.True((await client.AskAsync(DnsQuery.Read(Query)!)).IsKnown);
    }

    [Fact]
    public async Task Ask_TcpClosesWithoutAnAnswer_AsksTheNext()
    {
        _first.Answers = (query, isTcp) => isTcp ? [] : [DnsBytes.Answer(query, flags: DnsFlags.Truncated)];
        _second.Hold(DnsBytes.Address("192.0.2.2"));

        Assert.Equal(["192.0.2.2"], DnsBytes.Addresses((await AskAsync()).Answer!));
    }

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
    }

    private static Func<ValueTask<IReadOnlyList<IPEndPoint>>> Resolvers(params FakeResolver[] resolvers) =>
        () => ValueTask.FromResult<IReadOnlyList<IPEndPoint>>([.. resolvers.Select(resolver => resolver.EndPoint)]);

    private Task<UpstreamResult> AskAsync() => new UpstreamClient(Resolvers(_first, _second), _clock).AskAsync(DnsQuery.Read(Query)!);
}
