using System.Net.Sockets;
using ParentProxy.Dns;
using ParentProxy.Sockets;
using ParentProxy.Tests.Dns;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Inside.Names;

/// <summary>What programs inside ask, and what they get, over real sockets.</summary>
public sealed class NameServerTests
{
    private const string Questions = "parentproxy.inside.dns.questions";

    [Fact]
    public async Task Udp_TwoQuestionsFromOnePortAtOnce_AreBothAnswered()
    {
        await using var bench = NameBench.Open();
        bench.Parent.Answers = query =>
            [DnsBytes.Answer(query, [DnsBytes.Address(DnsQuery.Read(query)!.Type == DnsType.A ? "192.0.2.1" : "2001:db8::1")])];
        var socket = bench.Datagrams();
        await socket.SendAsync(DnsBytes.Query("a.example", id: 7));
        await socket.SendAsync(DnsBytes.Query("a.example", DnsType.Aaaa, id: 8));

        DnsMessage[] answers = [await NameBench.ReceiveAsync(socket), await NameBench.ReceiveAsync(socket)];

        Assert.Equal(["192.0.2.1", "2001:db8::1"], answers.OrderBy(answer => answer.Id).SelectMany(DnsBytes.Addresses));
        Assert.Equal([7, 8], answers.Select(answer => (int)answer.Id).Order());
    }

    [Fact]
    public async Task Udp_AThousandAtOnce_AreAllAnsweredOverOneStream()
    {
        await using var bench = NameBench.Open();
        bench.Parent.Answers = query =>
            [DnsBytes.Answer(query, [DnsBytes.Alias(DnsQuery.Read(query)!.Name), DnsBytes.Address("192.0.2.1")])];
        var sockets = Enumerable.Range(0, 10).Select(_ => bench.Datagrams()).ToArray();
        await Task.WhenAll(sockets.Select((socket, s) => Task.Run(async () =>
        {
            for (var i = 0; i < 100; i++)
                await socket.SendAsync(DnsBytes.Query($"h{i}.s{s}.example", id: (ushort)i));
        })));

        foreach (var (s, socket) in sockets.Index())
        {
            var ids = new HashSet<int>();
            while (ids.Count < 100)
            {
                var answer = await NameBench.ReceiveAsync(socket);
                Assert.True(ids.Add(answer.Id));
                Assert.Equal($"h{answer.Id}.s{s}.example", answer.NameIn(answer.Records[0]));
            }
        }

        Assert.Equal(1, bench.Parent.Accepted);
        Assert.Equal(1000, bench.Parent.Asked.Count);
        Assert.Equal(1000, bench.Parent.Asked.Select(asked => DnsBytes.Read(asked).Id).Distinct().Count());
        Assert.Equal((1000, 0), (bench.Measured()[$"{Questions} answered"], bench.Measured()["parentproxy.inside.dns.open"]));
    }

    [Fact]
    public async Task Udp_TheSameTwice_IsAskedOnceAndAnsweredTwice()
    {
        await using var bench = NameBench.Open();
        var ready = new ManualResetEventSlim();
        bench.Parent.Answers = query =>
        {
            ready.Wait();
            return [DnsBytes.Answer(query, [DnsBytes.Address("192.0.2.1")])];
        };
        var socket = bench.Datagrams();
        for (var i = 0; i < 2; i++)
            await socket.SendAsync(DnsBytes.Query("a.example", id: 7));
        await Eventually.TrueAsync(() => bench.Measured()["parentproxy.inside.dns.open"] == 2);
        ready.Set();

        for (var i = 0; i < 2; i++)
            Assert.Equal(7, (await NameBench.ReceiveAsync(socket)).Id);
        Assert.Single(bench.Parent.Asked);
    }

    [Fact]
    public async Task Ask_Again_IsAnsweredFromMemoryAsItWasAsked()
    {
        var clock = new ManualTimeProvider();
        await using var bench = NameBench.Open(clock);
        await bench.AskAsync(DnsBytes.Query("a.example", id: 7));
        clock.Advance(TimeSpan.FromSeconds(20));

        var query = DnsBytes.Query("A.exAmple", id: 9);
        var answer = await bench.AskAsync(query);

        Assert.Equal((9, 40u), (answer.Id, answer.Records[0].Ttl));
        Assert.Equal(DnsQuery.Read(query)!.Question.ToArray(), answer.Bytes[DnsMessage.HeaderBytes..answer.QuestionEnd].ToArray());
        Assert.Single(bench.Parent.Asked);
        Assert.Equal(1, bench.Measured()[$"{Questions} cached"]);
    }

    [Fact]
    public async Task Ask_WhatDoesNotExist_IsRememberedAsTheSoaSays()
    {
        var clock = new ManualTimeProvider();
        await using var bench = NameBench.Open(clock);
        bench.Parent.Answers = query => [DnsBytes.Answer(query, authority: [DnsBytes.Soa(300, 20)], code: DnsResponseCode.NxDomain)];

        await bench.AskAsync(DnsBytes.Query("a.example"));
        clock.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal(DnsResponseCode.NxDomain, (await bench.AskAsync(DnsBytes.Query("a.example"))).ResponseCode);
        Assert.Single(bench.Parent.Asked);
        clock.Advance(TimeSpan.FromSeconds(1));
        await bench.AskAsync(DnsBytes.Query("a.example"));
        Assert.Equal(2, bench.Parent.Asked.Count);
    }

    [Theory]
    [InlineData(0, 512)]
    [InlineData(1000, 1000)]
    [InlineData(4096, 1232)]
    public async Task Udp_TooLong_KeepsWhatFitsAndSaysSo(int taken, int limit)
    {
        await using var bench = NameBench.Open();
        bench.Parent.Answers = Long;

        var answer = await bench.AskAsync(DnsBytes.Query("a.example", opt: taken == 0 ? null : DnsBytes.Opt((ushort)taken)));

        Assert.True((answer.Flags & DnsFlags.Truncated) != 0);
        Assert.InRange(answer.Bytes.Length, limit - 15, limit);
        Assert.Equal(answer.Records.Length, DnsBytes.Addresses(answer).Count() + (taken == 0 ? 0 : 1));
    }

    [Fact]
    public async Task Tcp_Long_IsWhole()
    {
        await using var bench = NameBench.Open();
        bench.Parent.Answers = Long;
        var stream = await bench.StreamAsync();
        await stream.WriteAsync(DnsBytes.Framed(DnsBytes.Query("a.example")));

        Assert.Equal(200, DnsBytes.Addresses(await NameBench.ReadAsync(stream)).Count());
    }

    [Fact]
    public async Task Tcp_TwoQuestionsInOneWriteOfOneId_AreAnsweredAsAnswersCome()
    {
        await using var bench = NameBench.Open();

        // Whichever comes first is answered last.
        byte[]? held = null;
        bench.Parent.Answers = query =>
        {
            if (held is not null)
                return [Answer(query), Answer(held)];
            held = query;
            return null;
        };
        var stream = await bench.StreamAsync();
        await stream.WriteAsync(DnsBytes.Framed(DnsBytes.Query("a.example", id: 7), DnsBytes.Query("a.example", DnsType.Aaaa, id: 7)));

        DnsMessage[] answers = [await NameBench.ReadAsync(stream), await NameBench.ReadAsync(stream)];

        Assert.Equal(["192.0.2.1", "2001:db8::1"], answers.SelectMany(DnsBytes.Addresses).Order());
        Assert.All(answers, answer => Assert.Equal(7, answer.Id));

        static byte[] Answer(byte[] query) =>
            DnsBytes.Answer(query, [DnsBytes.Address(DnsQuery.Read(query)!.Type == DnsType.A ? "192.0.2.1" : "2001:db8::1")]);
    }

    [Fact]
    public async Task Tcp_ByteByByteAndEnded_IsAnswered()
    {
        await using var bench = NameBench.Open();
        var stream = await bench.StreamAsync();
        foreach (var value in DnsBytes.Framed(DnsBytes.Query("a.example")))
            await stream.WriteAsync((byte[])[value]);
        stream.Socket.Shutdown(SocketShutdown.Send);

        Assert.Equal(["192.0.2.1"], DnsBytes.Addresses(await NameBench.ReadAsync(stream)));
        Assert.Equal(0, await stream.ReadAsync(new byte[1]));
    }

    [Fact]
    public async Task Tcp_NothingAsked_IsClosed()
    {
        var clock = new ManualTimeProvider();
        await using var bench = NameBench.Open(clock);
        var stream = await bench.StreamAsync();
        await clock.WaitForTimerAsync(TimeSpan.FromSeconds(10));

        clock.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(0, await stream.ReadAsync(new byte[1]));
    }

    [Fact]
    public async Task Tcp_MoreThanTheLimit_WaitUntilOthersAreOver()
    {
        await using var bench = NameBench.Open();
        var streams = new List<NetworkStream>();
        for (var i = 0; i < 256; i++)
        {
            streams.Add(await bench.StreamAsync());
            await streams[i].WriteAsync(DnsBytes.Framed(DnsBytes.Query("a.example")));
            await NameBench.ReadAsync(streams[i]);
        }

        var further = await bench.StreamAsync();
        await further.WriteAsync(DnsBytes.Framed(DnsBytes.Query("a.example")));
        var reading = NameBench.ReadAsync(further);
        await bench.AskAsync(DnsBytes.Query("b.example"));
        Assert.False(reading.IsCompleted);
        await streams[0].DisposeAsync();

        Assert.Equal(["192.0.2.1"], DnsBytes.Addresses(await reading));
    }

    [Theory]
    [InlineData(0x0100, 2, 1)]
    [InlineData(0x0100, 0, 1)]
    [InlineData(0x2800, 1, 4)]
    public async Task Udp_NothingThatIsAnsweredHere_IsRefused(ushort flags, byte questions, int code)
    {
        await using var bench = NameBench.Open();
        var query = DnsBytes.Query("a.example", flags: (DnsFlags)flags, id: 7);
        query[5] = questions;

        var answer = await bench.AskAsync(query);

        Assert.Equal((7, code), (answer.Id, (int)answer.ResponseCode));
        Assert.Empty(bench.Parent.Asked);
    }

    [Fact]
    public async Task Udp_NoQuestionAtAll_IsNotAnswered()
    {
        await using var bench = NameBench.Open();
        var socket = bench.Datagrams();
        await socket.SendAsync(new byte[5]);
        await socket.SendAsync(Array.Empty<byte>());
        await socket.SendAsync(DnsBytes.Answer(DnsBytes.Query("a.example", id: 1)));
        await socket.SendAsync((byte[])[.. DnsBytes.Query("a.example", id: 2), .. new byte[5000]]);
        await socket.SendAsync(DnsBytes.Query("a.example", id: 3));

        Assert.Equal(3, (await NameBench.ReceiveAsync(socket)).Id);
        Assert.Equal(4, bench.Measured()[$"{Questions} malformed"]);
    }

    [Fact]
    public async Task Ask_WhatAnswersSomethingElse_IsNotTaken()
    {
        await using var bench = NameBench.Open();
        bench.Parent.Answers = query =>
        [
            Renumbered(DnsBytes.Answer(query, [DnsBytes.Address("192.0.2.11")])),
            query,
            DnsBytes.Answer(Renamed(query, "b.example", DnsType.A, 1), [DnsBytes.Address("192.0.2.12")]),
            DnsBytes.Answer(Renamed(query, "a.example", DnsType.Aaaa, 1), [DnsBytes.Address("192.0.2.13")]),
            DnsBytes.Answer(Renamed(query, "a.example", DnsType.A, 3), [DnsBytes.Address("192.0.2.14")]),
            [.. query[..12], 0xFF],
            DnsBytes.Answer(query, [DnsBytes.Address("192.0.2.1")]),
        ];

        Assert.Equal(["192.0.2.1"], DnsBytes.Addresses(await bench.AskAsync(DnsBytes.Query("a.example"))));
        Assert.Equal(1, bench.Parent.Accepted);

        static byte[] Renumbered(byte[] message) => [(byte)(message[0] + 1), .. message[1..]];

        static byte[] Renamed(byte[] query, string name, ushort type, ushort cls) =>
            DnsBytes.Query(name, type, DnsBytes.Read(query).Id, cls: cls);
    }

    [Fact]
    public async Task Open_AddressTaken_NamesIt()
    {
        await using var bench = new NameBench();
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        other.Bind(bench.EndPoint);

        var failure = Assert.Throws<ListenException>(bench.Server.Open);

        Assert.StartsWith($"cannot listen on {bench.EndPoint} (Enclave:Dns:Listen): EADDRINUSE: ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_WithoutAnAddressOfIPv6_AnswersOnTheOthers()
    {
        // None of this machine's: as ::1 is where IPv6 is switched off.
        await using var bench = new NameBench(furtherAddresses: "[2001:db8::1]:53");
        bench.Server.Open();

        Assert.Equal(["192.0.2.1"], DnsBytes.Addresses(await bench.AskAsync(DnsBytes.Query("a.example"))));
        Assert.Contains(bench.Log.Entries, entry => entry.Message
            == "Names are not answered on [2001:db8::1]:53: this enclave has IPv6 switched off, or lo is down (EADDRNOTAVAIL)");
    }

    private static byte[][] Long(byte[] query)
    {
        byte[][] opt = DnsQuery.Read(query)!.HasOpt ? [DnsBytes.Opt()] : [];
        byte[][] records = [.. Enumerable.Range(0, 200).Select(i => DnsBytes.Address($"192.0.2.{i}"))];
        return [DnsBytes.Answer(query, records, additional: opt)];
    }
}
