using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using ParentProxy.Dns;
using ParentProxy.Egress;
using ParentProxy.Egress.Lookups;
using ParentProxy.Egress.Policy;
using ParentProxy.Egress.Resolving;
using ParentProxy.Tests.Dns;
using ParentProxy.Tests.Egress.Resolving;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Sockets;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Egress.Lookups;

/// <summary>Streams of enclaves, over real sockets and a resolver on this machine.</summary>
public sealed class DnsServiceTests : IDisposable
{
    /// <summary>Of the answers to enclaves that do not read them; of the long ones here it is three.</summary>
    private const int Unread = 100_000;

    /// <summary>Questions that an enclave may have open; a stream's are a thousand.</summary>
    private const int Quota = 1500;

    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(10);
    private static readonly EgressPeer Peer = new(16, "proof", "proof-server");

    private readonly FakeResolver _resolver = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly TestLog _log = new();
    private readonly DnsCounts _counts = new();
    private readonly List<(string Name, EgressVerdict Verdict)> _refused = [];
    private readonly CancellationTokenSource _cut = new();
    private readonly DnsQuota _quota = new(each: Quota, all: 2 * Quota);
    private readonly DnsService _service;
    private readonly List<SocketPair> _opened = [];
    private bool _allowsAny;

    public DnsServiceTests()
    {
        var client = new UpstreamClient(() => ValueTask.FromResult<IReadOnlyList<IPEndPoint>>([_resolver.EndPoint]), _clock);
        _service = new DnsService(
            new DnsCache(client, () => 1000, _clock, _quota),
            (peer, name) => _allowsAny && !name.IsBelow("denied") || name.Text.EndsWith(".example", StringComparison.Ordinal)
                ? new EgressVerdict(true, null, null)
                : new EgressVerdict(false, null, $"no rule of Egress:Allow names {name} for {peer}"),
            (_, name, verdict) =>
            {
                lock (_refused)
                    _refused.Add((name, verdict));
            },
            () => TimeSpan.FromSeconds(10),
            _counts,
            _clock,
            LoggerFactory.Create(builder => builder.AddProvider(_log)).CreateLogger<DnsService>(),
            new DnsQuota(each: Unread, all: 2 * Unread));
        _resolver.Hold(DnsBytes.Address("192.0.2.1"), DnsBytes.Address("2001:db8::1"));
    }

    [Fact]
    public async Task Framed_TwoQuestionsInOneWrite_AreAnsweredWithoutAGap()
    {
        var stream = Open();
        await stream.WriteAsync(DnsBytes.Framed(DnsBytes.Query("a.example", id: 7), DnsBytes.Query("a.example", DnsType.Aaaa, id: 7)));

        DnsMessage[] answers = [await ReadFramedAsync(stream), await ReadFramedAsync(stream)];

        Assert.All(answers, answer => Assert.Equal(7, answer.Id));
        Assert.Equal(["192.0.2.1", "2001:db8::1"], answers.SelectMany(DnsBytes.Addresses).Order());
        Assert.Equal(2, _counts.Of(DnsResult.Answered, StreamFraming.Framed));
        Assert.Empty(_log.Entries);
    }

    [Fact]
    public async Task Framed_ByteByByte_IsAnswered()
    {
        var stream = Open();
        foreach (var value in DnsBytes.Framed(DnsBytes.Query("a.example", id: 7)))
            await stream.WriteAsync((byte[])[value]);

        Assert.Equal(["192.0.2.1"], DnsBytes.Addresses(await ReadFramedAsync(stream)));
    }

    [Fact]
    public async Task Framed_AThousandAtOnce_AreAllAnswered()
    {
        var stream = Open();
        var writing = stream.WriteAsync(DnsBytes.Framed(
            [.. Enumerable.Range(0, 1000).Select(i => DnsBytes.Query($"h{i % 300}.example", id: (ushort)i))])).AsTask();

        var ids = new HashSet<int>();
        for (var i = 0; i < 1000; i++)
            ids.Add((await ReadFramedAsync(stream)).Id);

        await writing;
        Assert.Equal(1000, ids.Count);
        Assert.InRange(_resolver.Asked.Count, 300, 900);
    }

    [Fact]
    public async Task Framed_HundredsOfNamesThatNobodyAnswers_HoldNoOtherUp()
    {
        _resolver.Answers = (query, _) => DnsQuery.Read(query)!.Name.StartsWith("dead", StringComparison.Ordinal)
            ? null
            : [DnsBytes.Answer(query, [DnsBytes.Address("192.0.2.1")])];
        var stream = Open();
        await stream.WriteAsync(DnsBytes.Framed(
            [.. Enumerable.Range(0, 500).Select(i => DnsBytes.Query($"dead{i}.example", id: (ushort)i)), DnsBytes.Query("a.example", id: 999)]));
        await AskedForAsync(501);

        Assert.Equal(999, (await ReadFramedAsync(stream)).Id);
    }

    [Fact]
    public async Task Framed_AThousandOpen_NoMoreAreRead()
    {
        // Nothing is answered, so a thousand questions are open, and what is behind them stays where it is.
        _resolver.BeMute();
        var stream = Open();
        await stream.WriteAsync(DnsBytes.Framed([.. Enumerable.Range(0, 1050).Select(i => DnsBytes.Query($"h{i}.example", id: (ushort)i))]));
        await AskedForAsync(1000);
        _clock.Advance(SendWindow.Longest);

        _resolver.Hold(DnsBytes.Address("192.0.2.1"));
        Assert.Equal(1000, Names());
        _clock.Advance(TimeSpan.FromSeconds(1.9));
        for (var i = 0; i < 1050; i++)
            await ReadFramedAsync(stream);
    }

    [Fact]
    public async Task Framed_AnswersThatAreNotRead_AreNotKeptWithoutEnd()
    {
        BeLong();
        var stream = Open();
        await stream.WriteAsync(DnsBytes.Framed([.. Enumerable.Range(0, 60).Select(i => DnsBytes.Query($"h{i}.example"))]));
        await Eventually.TrueAsync(() => Answered(DnsResult.Answered) + Answered(DnsResult.ServFail) == 60);

        // Most of it is in the kernel, for which the enclave does not have to ask twice.
        Assert.InRange(Answered(DnsResult.ServFail), 40, 57);
        Assert.Single(_log.Entries, entry => entry.Message.Contains("does not read the answers", StringComparison.Ordinal));
        var other = await AskAsync(DnsBytes.Query("a.example"), new EgressPeer(17, null, null));
        Assert.Equal(DnsResponseCode.NoError, other.ResponseCode);

        var codes = new List<DnsResponseCode>();
        for (var i = 0; i < 60; i++)
            codes.Add((await ReadFramedAsync(stream)).ResponseCode);
        Assert.Equal(Answered(DnsResult.ServFail), codes.Count(code => code == DnsResponseCode.ServFail));
        Assert.Equal(DnsResponseCode.NoError, (await AskAsync(DnsBytes.Query("b.example"))).ResponseCode);
    }

    [Fact]
    public async Task Framed_AnswersThatAreNotRead_EndTheStreamWhateverIsAskedMeanwhile()
    {
        BeLong();
        var stream = Open();
        await stream.WriteAsync(DnsBytes.Framed([.. Enumerable.Range(0, 60).Select(i => DnsBytes.Query($"h{i}.example"))]));
        await Eventually.TrueAsync(() => Answered(DnsResult.Answered) + Answered(DnsResult.ServFail) == 60);

        for (var i = 61; i < 80 && _counts.OpenStreams > 0; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(5));
            try
            {
                await stream.WriteAsync(DnsBytes.Framed(DnsBytes.Query($"h{i}.example")));
            }
            catch (IOException)
            {
                break;
            }

            await Eventually.TrueAsync(
                () => _counts.OpenStreams == 0 || Answered(DnsResult.Answered) + Answered(DnsResult.ServFail) == i);
        }

        await Eventually.TrueAsync(() => _counts.OpenStreams == 0);
        Assert.Equal(0, _counts.IdleStreams);

        // And what waited there is kept no more.
        Assert.Equal(DnsResponseCode.NoError, (await AskAsync(DnsBytes.Query("a.example"))).ResponseCode);
    }

    [Fact]
    public async Task Bare_TwoQuestionsInOneRead_AreAnsweredWithAGap()
    {
        var stream = Open();
        await stream.WriteAsync((byte[])[.. DnsBytes.Query("a.example", id: 1), .. DnsBytes.Query("a.example", DnsType.Aaaa, id: 2)]);

        var first = await ReadBareAsync(stream);
        await _clock.WaitForTimerAsync(Gap);
        Assert.Equal(0, stream.Socket.Available);
        _clock.Advance(Gap);
        var second = await ReadBareAsync(stream);

        Assert.Equal([1, 2], new[] { first.Id, second.Id }.Order().Select(id => (int)id));
        Assert.Equal(2, _counts.Of(DnsResult.Answered, StreamFraming.Bare));
    }

    [Fact]
    public async Task Bare_QuestionsOneAfterTheOther_KeepTheGapToo()
    {
        var stream = Open();
        await stream.WriteAsync(DnsBytes.Query("a.example"));
        await ReadBareAsync(stream);
        await stream.WriteAsync(DnsBytes.Query("a.example"));

        await _clock.WaitForTimerAsync(Gap);
        Assert.Equal(0, stream.Socket.Available);
        _clock.Advance(Gap);
        Assert.Equal(["192.0.2.1"], DnsBytes.Addresses(await ReadBareAsync(stream)));
    }

    [Fact]
    public async Task Bare_FirstQuestion_KeepsTheGapFromTheBeginning()
    {
        var stream = Open(accepted: _clock.GetTimestamp());
        await stream.WriteAsync(DnsBytes.Query("a.example"));

        await _clock.WaitForTimerAsync(Gap);
        Assert.Equal(0, stream.Socket.Available);
        _clock.Advance(Gap);
        Assert.Equal(["192.0.2.1"], DnsBytes.Addresses(await ReadBareAsync(stream)));
    }

    [Fact]
    public async Task Bare_OfAnEnclave_IsSaidOnce()
    {
        for (var i = 0; i < 2; i++)
        {
            var stream = Open();
            await stream.WriteAsync(DnsBytes.Query("a.example"));
            await ReadBareAsync(stream);
        }

        Assert.Contains("proof-server (CID 16) asks for names on vsock://any:53 by datagrams", Assert.Single(_log.Entries).Message);
    }

    [Theory]
    [InlineData("forbidden.test", DnsType.A)]
    [InlineData("Forbidden.Test", DnsType.Any)]
    [InlineData("forbidden.test", 252)]
    [InlineData("1.2.0.192.in-addr.arpa", 12)]
    [InlineData("no host.test", DnsType.A)]
    [InlineData("127.0.0.1", DnsType.A)]
    public async Task NotAllowed_DoesNotExist_AndIsNotAskedFor(string name, int type)
    {
        var query = DnsBytes.Query(name, (ushort)type, opt: DnsBytes.Opt());

        var answer = await AskAsync(query);

        Assert.Equal(DnsResponseCode.NxDomain, answer.ResponseCode);
        Assert.Equal(query[12..answer.QuestionEnd], answer.Bytes[12..answer.QuestionEnd].ToArray());
        var verdict = Assert.Single(_refused).Verdict;
        Assert.Equal((17, verdict.Reason!), DnsBytes.Error(answer));
        Assert.Empty(_resolver.Asked);
        Assert.Equal(1, _counts.Of(DnsResult.Denied, StreamFraming.Framed));
    }

    [Fact]
    public async Task Root_NotAllowed_IsRefused()
    {
        var answer = await AskAsync(DnsBytes.Query(".", 2, opt: DnsBytes.Opt()));

        Assert.Equal(DnsResponseCode.Refused, answer.ResponseCode);
        Assert.Equal(17, DnsBytes.Error(answer)!.Value.InfoCode);
        Assert.Empty(_resolver.Asked);
    }

    [Theory]
    [InlineData(".", true)]
    [InlineData("no host.test", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("no host.denied", false)]
    [InlineData("a\\.denied", false)] // The label a\, below it.
    public async Task AnyAllowed_WhatIsNoHost_IsPassedOnUnlessBelowWhatIsDenied(string name, bool isPassed)
    {
        _allowsAny = true;

        var answer = await AskAsync(DnsBytes.Query(name));

        Assert.Equal(isPassed ? DnsResponseCode.NoError : DnsResponseCode.NxDomain, answer.ResponseCode);
        Assert.Equal(isPassed ? 1 : 0, _resolver.Asked.Count);
    }

    [Fact]
    public async Task NoHost_IsAllowedBelowWhatIsAllowedByItsLabels()
    {
        var dotted = DnsBytes.Query("data_example");
        dotted[12 + 5] = (byte)'.'; // One label, of which the text is data\.example.

        Assert.Equal(DnsResponseCode.NxDomain, (await AskAsync(dotted)).ResponseCode);
        Assert.Equal(DnsResponseCode.NoError, (await AskAsync(DnsBytes.Query("no host.example"))).ResponseCode);
    }

    [Fact]
    public async Task QuotaOfAnEnclaveIsTaken_IsAServFailAtOnce()
    {
        Assert.True(_quota.TryEnter(Peer.Key, Quota));

        var answer = await AskAsync(DnsBytes.Query("a.example", opt: DnsBytes.Opt()));

        Assert.Equal(DnsResponseCode.ServFail, answer.ResponseCode);
        Assert.Equal((0, "busy: too many questions are open"), DnsBytes.Error(answer));
        Assert.Equal(1, _counts.Of(DnsResult.ServFail, StreamFraming.Framed));
        Assert.Contains("answered with SERVFAIL", Assert.Single(_log.Entries).Message);
    }

    [Fact]
    public async Task FramedLongerThan4096Bytes_IsAnsweredAndTheStreamIsClosed()
    {
        var stream = Open();
        await stream.WriteAsync(DnsBytes.Framed([.. DnsBytes.Query("a.example", id: 5), .. new byte[4096]]).AsMemory(0, 14));

        var answer = await ReadFramedAsync(stream);
        Assert.Equal((5, DnsResponseCode.FormErr), (answer.Id, answer.ResponseCode));
        await EndedAsync(stream);
    }

    [Fact]
    public async Task NotAllowed_WithoutEdns_DoesNotExist()
    {
        var answer = await AskAsync(DnsBytes.Query("forbidden.test"));

        Assert.Equal((DnsResponseCode.NxDomain, 0), (answer.ResponseCode, answer.Records.Length));
    }

    [Theory]
    [InlineData(252, 1)] // AXFR
    [InlineData(251, 1)] // IXFR
    [InlineData(41, 1)]
    [InlineData(250, 1)] // TSIG
    [InlineData(1, 3)] // Class CH
    public async Task NotAnswered_IsRefused(int type, int cls)
    {
        var answer = await AskAsync(DnsBytes.Query("a.example", (ushort)type, opt: DnsBytes.Opt(), cls: (ushort)cls));

        Assert.Equal(DnsResponseCode.Refused, answer.ResponseCode);
        Assert.Equal(21, DnsBytes.Error(answer)!.Value.InfoCode);
        Assert.Empty(_resolver.Asked);
    }

    [Fact]
    public async Task Any_IsAnsweredAsRfc8482Says()
    {
        var answer = await AskAsync(DnsBytes.Query("a.example", DnsType.Any));

        Assert.Equal([DnsType.Hinfo], answer.Records.ToArray().Select(record => record.Type));
    }

    [Fact]
    public async Task Framed_Malformed_IsAnsweredAndTheStreamGoesOn()
    {
        byte[] broken = [.. DnsBytes.Query("a.example", id: 1).AsSpan(0, 20)];
        var stream = Open();
        await stream.WriteAsync(DnsBytes.Framed(broken, DnsBytes.Query("a.example", id: 2, flags: (DnsFlags)0x2000)));

        DnsMessage[] answers = [await ReadFramedAsync(stream), await ReadFramedAsync(stream)];
        Assert.Equal(
            [(1, DnsResponseCode.FormErr), (2, DnsResponseCode.NotImp)],
            answers.Select(answer => ((int)answer.Id, answer.ResponseCode)).Order());

        await stream.WriteAsync(DnsBytes.Framed(DnsBytes.Query("a.example")));
        Assert.Equal(["192.0.2.1"], DnsBytes.Addresses(await ReadFramedAsync(stream)));
    }

    [Fact]
    public async Task Bare_Malformed_IsAnsweredAndTheStreamIsClosed()
    {
        var stream = Open();
        byte[] broken = [.. DnsBytes.Query("a.example", id: 0x4242), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        await stream.WriteAsync(broken);

        var first = await ReadBareAsync(stream);
        await _clock.WaitForTimerAsync(Gap);
        _clock.Advance(Gap);
        DnsMessage[] answers = [first, await ReadBareAsync(stream)];
        Assert.Equal(
            [(0x0102, DnsResponseCode.FormErr), (0x4242, DnsResponseCode.NoError)],
            answers.Select(answer => ((int)answer.Id, answer.ResponseCode)).Order());
        await EndedAsync(stream);
        Assert.Equal(1, _counts.Of(DnsResult.FormErr, StreamFraming.Bare));
        Assert.Single(_log.AtLeast(LogLevel.Warning));
    }

    [Fact]
    public async Task AnswerInPlaceOfAQuestion_ClosesTheStream()
    {
        var stream = Open();
        await stream.WriteAsync(DnsBytes.Framed(DnsBytes.Query("a.example", flags: DnsFlags.Response)));

        await EndedAsync(stream);
    }

    [Fact]
    public async Task ResolversAreMute_IsAServFailWithinTwoSeconds()
    {
        _resolver.BeMute();
        var asking = AskAsync(DnsBytes.Query("a.example", opt: DnsBytes.Opt()));
        await _resolver.AskedTimesAsync(1);
        await _clock.WaitForTimerAsync(TimeSpan.FromSeconds(0.8));
        Assert.False(asking.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(1.9));

        var answer = await asking;
        Assert.Equal(DnsResponseCode.ServFail, answer.ResponseCode);
        Assert.Equal((22, "no resolver of the parent answers"), DnsBytes.Error(answer));
        Assert.Equal(1, _counts.Of(DnsResult.Timeout, StreamFraming.Framed));
        Assert.Contains(
            $"No resolver knows a.example for proof-server (CID 16) (timeout): {_resolver.EndPoint}: no answer (UDP). It was answered with SERVFAIL",
            Assert.Single(_log.Entries).Message);
    }

    [Fact]
    public async Task ResolversFail_IsSaidOfEachEnclaveHoweverMuchAnotherAsks()
    {
        var other = new EgressPeer(17, null, null);
        _resolver.Fail(DnsResponseCode.ServFail);
        for (var i = 0; i < 3; i++)
            await AskAsync(DnsBytes.Query($"h{i}.example"));
        await AskAsync(DnsBytes.Query("a.example"), other);
        _clock.Advance(TimeSpan.FromMinutes(1));
        await AskAsync(DnsBytes.Query("b.example"));

        Assert.Equal(
            [("h0.example for proof-server", "0"), ("a.example for CID 17", "0"), ("b.example for proof-server", "2")],
            _log.Entries.Select(entry => Regex.Match(entry.Message, @"^No resolver knows (\S+ for (?:CID )?\S+).* (\d+) more "))
                .Select(match => (match.Groups[1].Value, match.Groups[2].Value)));
    }

    [Fact]
    public async Task NobodyListens_IsAServFailAtOnce()
    {
        _resolver.Dispose();

        var answer = await AskAsync(DnsBytes.Query("a.example", opt: DnsBytes.Opt()));

        Assert.Equal(DnsResponseCode.ServFail, answer.ResponseCode);
        Assert.Equal((23, "no resolver of the parent can be asked: ECONNREFUSED"), DnsBytes.Error(answer));
    }

    [Fact]
    public async Task Again_IsAnsweredFromMemoryInTheCaseOfItsAsker()
    {
        await AskAsync(DnsBytes.Query("a.example"));
        _clock.Advance(TimeSpan.FromSeconds(5));

        var answer = await AskAsync(DnsBytes.Query("A.eXaMple", id: 99));

        Assert.Equal(DnsBytes.Query("A.eXaMple")[12..], answer.Bytes[12..answer.QuestionEnd].ToArray());
        Assert.Equal((99, 55u), (answer.Id, answer.Records[0].Ttl));
        Assert.Equal(1, _counts.Of(DnsResult.Cached, StreamFraming.Framed));
        Assert.Single(_resolver.Asked);
    }

    [Fact]
    public async Task LongAnswer_IsCutToItsDatagramAlone()
    {
        _resolver.Hold([.. Enumerable.Range(1, 100).Select(i => DnsBytes.Address($"192.0.2.{i}"))]);
        var plain = Open();
        await plain.WriteAsync(DnsBytes.Query("a.example"));
        var large = Open();
        await large.WriteAsync(DnsBytes.Query("b.example", opt: DnsBytes.Opt(4096)));

        var cut = await ReadBareAsync(plain);
        Assert.Equal(30, DnsBytes.Addresses(cut).Count());
        Assert.NotEqual(DnsFlags.None, cut.Flags & DnsFlags.Truncated);
        Assert.Equal(100, DnsBytes.Addresses(await ReadBareAsync(large)).Count());
        Assert.Equal(100, DnsBytes.Addresses(await AskAsync(DnsBytes.Query("a.example"))).Count());
        Assert.Equal(1, _counts.Truncated);
        Assert.Contains("was cut to whole records", Assert.Single(_log.Entries, entry => !entry.Message.Contains("asks for names")).Message);
    }

    [Theory]
    [InlineData(true, 10)]
    [InlineData(false, 7)]
    public async Task Idle_AfterItsAnswer_IsEnded(bool framed, int seconds)
    {
        var query = DnsBytes.Query("a.example");
        var stream = Open();
        await stream.WriteAsync(framed ? DnsBytes.Framed(query) : query);
        await (framed ? ReadFramedAsync(stream) : ReadBareAsync(stream));
        Assert.Equal(1, _counts.OpenStreams);

        await _clock.WaitForTimerAsync(TimeSpan.FromSeconds(seconds));
        await Eventually.TrueAsync(() => _clock.Timers == 1);
        _clock.Advance(TimeSpan.FromSeconds(seconds));
        await EndedAsync(stream);

        Assert.Equal((0, 1), (_counts.OpenStreams, _counts.IdleStreams));
        Assert.Equal(1, _counts.Streams(framed ? StreamFraming.Framed : StreamFraming.Bare));
    }

    [Fact]
    public async Task Idle_WithAPartOfAQuestion_IsEnded()
    {
        var stream = Open();
        await stream.WriteAsync(DnsBytes.Framed(DnsBytes.Query("a.example")).AsMemory(0, 20));
        await Eventually.TrueAsync(() => _opened[0].Near.IsReceiveQueueEmpty);
        await _clock.WaitForTimerAsync(TimeSpan.FromSeconds(10));
        _clock.Advance(TimeSpan.FromSeconds(10));

        await EndedAsync(stream);
    }

    [Fact]
    public async Task HalfClosed_WithOpenQuestions_HasItsAnswersFirst()
    {
        _resolver.BeMute();
        var stream = Open();
        await stream.WriteAsync(DnsBytes.Framed(DnsBytes.Query("a.example", id: 3)));
        stream.Socket.Shutdown(SocketShutdown.Send);
        await _resolver.AskedTimesAsync(1);
        await _clock.WaitForTimerAsync(TimeSpan.FromSeconds(0.8));
        _clock.Advance(TimeSpan.FromSeconds(1.9));

        var answer = await ReadFramedAsync(stream);
        Assert.Equal((3, DnsResponseCode.ServFail), (answer.Id, answer.ResponseCode));
        await EndedAsync(stream);
    }

    [Fact]
    public async Task Cut_WithOpenQuestions_Ends()
    {
        _resolver.BeMute();
        var stream = Open();
        await stream.WriteAsync(DnsBytes.Framed(DnsBytes.Query("a.example")));
        await _resolver.AskedTimesAsync(1);

        await _cut.CancelAsync();

        await EndedAsync(stream);
        Assert.Equal(0, _counts.IdleStreams);
    }

    public void Dispose()
    {
        _opened.ForEach(opened => opened.Dispose());
        _resolver.Dispose();
        _cut.Dispose();
        _log.Dispose();
    }

    private static async Task<DnsMessage> ReadFramedAsync(NetworkStream stream)
    {
        var length = new byte[2];
        await stream.ReadExactlyAsync(length).AsTask().WaitAsync(TestDeadline.Value);
        var message = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        await stream.ReadExactlyAsync(message).AsTask().WaitAsync(TestDeadline.Value);
        return DnsBytes.Read(message);
    }

    /// <summary>What comes at once, which has to be one message.</summary>
    private static async Task<DnsMessage> ReadBareAsync(NetworkStream stream)
    {
        var buffer = new byte[8192];
        var count = await stream.ReadAsync(buffer).AsTask().WaitAsync(TestDeadline.Value);
        return DnsBytes.Read(buffer.AsMemory(0, count));
    }

    private static async Task EndedAsync(NetworkStream stream) =>
        Assert.Equal(0, await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(TestDeadline.Value));

    /// <summary>Every answer has some 32,000 bytes, which come over TCP.</summary>
    private void BeLong() => _resolver.Hold([.. Enumerable.Repeat(DnsBytes.Address("192.0.2.1"), 2000)]);

    private long Answered(DnsResult result) => _counts.Of(result, StreamFraming.Framed);

    private int Names() => _resolver.Asked.Select(asked => DnsQuery.Read(asked.Bytes)!.Name).Distinct().Count();

    /// <summary>Completes when so many names were asked for, which takes as many windows as they fill when nothing is answered.</summary>
    private async Task AskedForAsync(int names)
    {
        for (var sent = SendWindow.Places; sent < names; sent += SendWindow.Places)
        {
            await Eventually.TrueAsync(() => Names() >= sent, () => $"asked for {Names()}");
            _clock.Advance(SendWindow.Longest);
        }

        await Eventually.TrueAsync(() => Names() >= names, () => $"asked for {Names()}");
    }

    private async Task<DnsMessage> AskAsync(byte[] query, EgressPeer? peer = null)
    {
        var stream = Open(peer: peer);
        await stream.WriteAsync(DnsBytes.Framed(query));
        return await ReadFramedAsync(stream);
    }

    /// <param name="accepted">When it was; long ago unless said otherwise.</param>
    /// <param name="peer">Of whom; of <see cref="Peer"/> unless said otherwise.</param>
    private NetworkStream Open(long accepted = 0, EgressPeer? peer = null)
    {
        var pair = SocketPair.Unix();
        _opened.Add(pair);
        _ = ServeAsync();
        return new NetworkStream(pair.Far);

        async Task ServeAsync()
        {
            await _service.ServeAsync(new EgressConnection("vsock://any:53", peer ?? Peer, pair.Near, accepted), _cut.Token);
            pair.Near.Dispose();
        }
    }
}
