using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using ParentProxy.Sockets;
using ParentProxy.Tests.Support;
using ParentProxy.Vsock;

namespace ParentProxy.Tests.Sockets;

/// <summary>The relay of raw connections, between sockets of the kernel.</summary>
public sealed class SocketRelayTests
{
    private const int Much = 12_000_000;

    /// <summary>A segment of the loopback has 64 KiB: with less room it waits for a timer of TCP.</summary>
    private const int RoomForSegments = 400_000;

    public static TheoryData<string> Kinds => RelayBench.Kinds;

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Start_BytesFromBothSides_ArriveAndAreCounted(string kind)
    {
        using var bench = RelayBench.Start(kind);

        await RelayBench.SendAsync(bench.Client, "ask"u8.ToArray());
        Assert.Equal("ask"u8.ToArray(), await RelayBench.ReadAsync(bench.Enclave, 3));
        await RelayBench.SendAsync(bench.Enclave, "answer"u8.ToArray());
        Assert.Equal("answer"u8.ToArray(), await RelayBench.ReadAsync(bench.Client, 6));

        await RelayBench.TurnsAsync();
        Assert.Equal((3, 6), (bench.Relay.CarriedForward, bench.Relay.CarriedBack));
        Assert.Equal((0, false, null), (bench.Ends, bench.Relay.IsHalfClosed, bench.Relay.FirstEnded));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Start_BytesThatWereReadBefore_GoFirst(string kind)
    {
        using var bench = RelayBench.Of(kind);
        var initial = RandomNumberGenerator.GetBytes(300_000);
        byte[] all = [.. initial, .. "behind"u8];
        await RelayBench.SendAsync(bench.Client, "behind"u8.ToArray(), ends: true);

        bench.Relay.Start(initial);

        Assert.Equal(all, (await RelayBench.ReadToEndAsync(bench.Enclave)).Bytes);
        Assert.Equal(initial.Length + 6, bench.Relay.CarriedForward);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task End_OfTheClientsDirection_TheAnswerStillComes(string kind)
    {
        using var bench = RelayBench.Start(kind);
        await RelayBench.SendAsync(bench.Client, "ask"u8.ToArray(), ends: true);
        Assert.Equal(("ask", false), await EndOf(bench.Enclave));
        Assert.True(bench.Relay.IsHalfClosed);
        Assert.Equal((RelaySide.Front, 0), (bench.Relay.FirstEnded, bench.Ends));

        await RelayBench.SendAsync(bench.Enclave, "answer"u8.ToArray(), ends: true);

        Assert.Equal(("answer", false), await EndOf(bench.Client));
        await bench.AssertOverAsync();
        Assert.Equal((RelaySide.Front, null, false), (bench.Relay.FirstEnded, bench.Relay.Broken, bench.Relay.IsHalfClosed));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task End_OfTheEnclavesDirection_TheClientStillSends(string kind)
    {
        using var bench = RelayBench.Start(kind);
        await RelayBench.SendAsync(bench.Enclave, "banner"u8.ToArray(), ends: true);
        Assert.Equal(("banner", false), await EndOf(bench.Client));
        Assert.True(bench.Relay.IsHalfClosed);

        await RelayBench.SendAsync(bench.Client, "upload"u8.ToArray(), ends: true);

        Assert.Equal(("upload", false), await EndOf(bench.Enclave));
        await bench.AssertOverAsync();
        Assert.Equal((RelaySide.Back, null), (bench.Relay.FirstEnded, bench.Relay.Broken));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task End_BothAtOnce_IsToldOnce(string kind)
    {
        using var bench = RelayBench.Start(kind);
        bench.Client.Shutdown(SocketShutdown.Send);
        bench.Enclave.Shutdown(SocketShutdown.Send);

        Assert.Equal(("", false), await EndOf(bench.Client));
        Assert.Equal(("", false), await EndOf(bench.Enclave));
        await bench.AssertOverAsync();
        Assert.Null(bench.Relay.Broken);
    }

    [Fact]
    public async Task Reset_OfTheClient_IsAResetOfTheEnclave()
    {
        using var bench = RelayBench.Start("tcp-tcp");
        await RelayBench.SendAsync(bench.Client, "half of"u8.ToArray());
        await RelayBench.ReadAsync(bench.Enclave, 7);

        bench.Client.Close(0);

        Assert.Equal(("", true), await EndOf(bench.Enclave));
        await bench.AssertOverAsync();
        Assert.Equal((RelaySide.Front, Errno.ECONNRESET), (bench.Relay.FirstEnded, bench.Relay.Broken));
    }

    [Fact]
    public async Task Reset_OfTheEnclave_IsAResetOfTheClientBehindWhatCameBefore()
    {
        using var bench = RelayBench.Start("tcp-tcp");
        await RelayBench.SendAsync(bench.Enclave, "half of"u8.ToArray());
        Assert.Equal("half of"u8.ToArray(), await RelayBench.ReadAsync(bench.Client, 7));

        bench.Enclave.Close(0);

        Assert.Equal(("", true), await EndOf(bench.Client));
        await bench.AssertOverAsync();
        Assert.Equal((RelaySide.Back, Errno.ECONNRESET), (bench.Relay.FirstEnded, bench.Relay.Broken));
    }

    /// <summary>What the enclave has of the client's then is a part: an end in order would make it the whole.</summary>
    [Fact]
    public async Task Reset_OfAClientThatDoesNotRead_IsAResetOfTheEnclave()
    {
        using var bench = RelayBench.Start("tcp-tcp", buffers: RoomForSegments);
        await RelayBench.SendAsync(bench.Client, "half of"u8.ToArray());
        await RelayBench.ReadAsync(bench.Enclave, 7);
        var sending = SendUntilItFailsAsync(bench.Enclave);
        await IsKeptAsync(bench.Enclave);

        bench.Client.Close(0);

        Assert.Equal(SocketError.ConnectionReset, await sending);
        await bench.AssertOverAsync();
        Assert.Equal((RelaySide.Front, Errno.ECONNRESET), (bench.Relay.FirstEnded, bench.Relay.Broken));
    }

    [Fact]
    public async Task Reset_OfAClientToWhomIsSent_IsAResetOfTheEnclave()
    {
        for (var i = 0; i < 20; i++)
        {
            using var bench = RelayBench.Start("tcp-tcp");
            await RelayBench.SendAsync(bench.Client, "half of"u8.ToArray());
            await RelayBench.ReadAsync(bench.Enclave, 7);
            var sending = SendUntilItFailsAsync(bench.Enclave);
            await RelayBench.ReadAsync(bench.Client, 1000);

            bench.Client.Close(0);

            // Told once: to who sends, else to who reads. Behind an end in order it would be EPIPE.
            Assert.Equal(SocketError.ConnectionReset, await sending);
            await bench.AssertOverAsync();
            Assert.Equal(RelaySide.Front, bench.Relay.FirstEnded);
        }
    }

    [Fact]
    public async Task Reset_OfAClientOfWhichSomethingWaits_IsNoticed()
    {
        using var bench = RelayBench.Start("tcp-tcp", buffers: RoomForSegments);
        var sending = SendUntilItFailsAsync(bench.Client);
        await IsKeptAsync(bench.Client);

        bench.Client.Close(0);

        await bench.AssertOverAsync();
        await sending;
        Assert.Equal((RelaySide.Front, true), (bench.Relay.FirstEnded, bench.Relay.Broken is not null));
        Assert.True((await RelayBench.ReadToEndAsync(bench.Enclave)).IsReset);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Start_BothSidesPauseReading_NothingMoreIsReadAndEverythingArrives(string kind)
    {
        using var bench = RelayBench.Start(kind, buffers: RoomForSegments);
        var (there, back) = (RandomNumberGenerator.GetBytes(Much), RandomNumberGenerator.GetBytes(Much));
        var sending = Task.WhenAll(
            RelayBench.SendAsync(bench.Client, there, ends: true), RelayBench.SendAsync(bench.Enclave, back, ends: true));
        await Eventually.TrueAsync(() => bench.Relay.IsStuck);
        Assert.True(bench.Relay.CarriedForward < Much / 2 && bench.Relay.CarriedBack < Much / 2);
        Assert.False(sending.IsCompleted);

        var arriving = await Task.WhenAll(RelayBench.ReadToEndAsync(bench.Enclave), RelayBench.ReadToEndAsync(bench.Client));

        await sending;
        Assert.Equal(SHA256.HashData(there), SHA256.HashData(arriving[0].Bytes));
        Assert.Equal(SHA256.HashData(back), SHA256.HashData(arriving[1].Bytes));
        await bench.AssertOverAsync();
        Assert.Equal((Much, Much), (bench.Relay.CarriedForward, bench.Relay.CarriedBack));
        Assert.False(bench.Relay.IsStuck);
    }

    [Theory]
    [InlineData("tcp-tcp")]
    [InlineData("tcp-unix")]
    public async Task End_OfAnEnclaveThatAnsweredEarly_TheAnswerArrivesWhole(string kind)
    {
        using var bench = RelayBench.Start(kind);
        bench.Client.ReceiveBufferSize = 8_000;
        await RelayBench.SendAsync(bench.Client, "the beginning of a long body"u8.ToArray());
        await RelayBench.ReadAsync(bench.Enclave, 1);
        var answer = RandomNumberGenerator.GetBytes(400_000);
        await RelayBench.SendAsync(bench.Enclave, answer);
        await Eventually.TrueAsync(() => bench.Relay.CarriedBack == answer.Length);

        // The rest of what the client has sent was not read: over TCP the client's side is reset.
        bench.Enclave.Dispose();
        for (var i = 0; i < 5 && bench.Ends == 0; i++)
        {
            await RelayBench.SendAsync(bench.Client, "more of it"u8.ToArray());
            await RelayBench.TurnsAsync();
        }

        await bench.EndedAsync();
        await RelayBench.SendAsync(bench.Client, "more of it"u8.ToArray());
        Assert.Equal(answer, await RelayBench.ReadAsync(bench.Client, answer.Length));
    }

    /// <summary>It closes in order what it has sent all of; the client has not noticed yet.</summary>
    [Theory]
    [InlineData("tcp-tcp")]
    [InlineData("tcp-unix")]
    public async Task End_OfAnEnclaveWhileTheClientSends_TheAnswerArrivesWholeAndInOrder(string kind)
    {
        using var bench = RelayBench.Start(kind);
        bench.Client.ReceiveBufferSize = 8_000;
        var answer = RandomNumberGenerator.GetBytes(400_000);
        await RelayBench.SendAsync(bench.Client, "ask"u8.ToArray());
        await RelayBench.ReadAsync(bench.Enclave, 3);
        await RelayBench.SendAsync(bench.Enclave, answer);
        bench.Enclave.Dispose();
        await Eventually.TrueAsync(() => bench.Relay.IsHalfClosed);

        for (var i = 0; i < 5 && bench.Ends == 0; i++)
        {
            await RelayBench.SendAsync(bench.Client, "more of it"u8.ToArray());
            await RelayBench.TurnsAsync();
        }

        await bench.EndedAsync();
        await RelayBench.SendAsync(bench.Client, "more of it"u8.ToArray());
        var arrived = await RelayBench.ReadToEndAsync(bench.Client);
        Assert.Equal(answer, arrived.Bytes);
        Assert.False(arrived.IsReset);
        bench.Client.Dispose();
        await bench.AssertOverAsync();
        Assert.Equal(RelaySide.Back, bench.Relay.FirstEnded);
    }

    /// <summary>The client has ended its direction, so that nothing is read of it that could tell.</summary>
    [Fact]
    public async Task Reset_OfAClientThatHasEndedItsDirection_IsAResetOfTheEnclave()
    {
        using var bench = RelayBench.Start("tcp-tcp");
        await RelayBench.SendAsync(bench.Client, "question"u8.ToArray(), ends: true);
        Assert.Equal("question"u8.ToArray(), (await RelayBench.ReadToEndAsync(bench.Enclave)).Bytes);

        bench.Client.Close(0);

        // The kernel says EPIPE of a reset that comes behind an end.
        await bench.AssertOverAsync();
        Assert.Equal((RelaySide.Front, Errno.EPIPE), (bench.Relay.FirstEnded, bench.Relay.Broken));
    }

    /// <summary>An answer that waits for a slow client, from an enclave that is gone: then the client leaves, too.</summary>
    [Fact]
    public async Task Reset_OfAClientThatReadsSlowlyWhenTheEnclaveIsGone_IsTheEnd()
    {
        using var bench = RelayBench.Start("tcp-tcp", buffers: RoomForSegments);
        var sending = SendUntilItFailsAsync(bench.Enclave);
        await IsKeptAsync(bench.Enclave);
        await RelayBench.SendAsync(bench.Client, "more"u8.ToArray());
        bench.Enclave.Close(0);
        await Task.WhenAny(sending);

        // Takes nothing any more, which it finds out by sending.
        await RelayBench.SendAsync(bench.Client, "and more"u8.ToArray());
        await RelayBench.TurnsAsync();
        bench.Client.Close(0);

        await bench.AssertOverAsync();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task End_OfTheEnclaveBeforeAByte_LeavesTheClientToTheOwner(string kind)
    {
        using var bench = RelayBench.Start(kind, startsOver: true);

        bench.Enclave.Dispose();

        await bench.EndedAsync();
        Assert.True(bench.Relay.IsUntouched);
        Assert.Equal((false, true), (bench.FrontIsClosed, bench.BackIsClosed));
        Assert.Null(bench.Relay.Unsent);
        await RelayBench.SendAsync(bench.Client, "still here"u8.ToArray());
        await RelayBench.TurnsAsync();
        Assert.Equal(1, bench.Ends);
        using var front = bench.Relay.Front.ToSocket();
        Assert.Equal("still here"u8.ToArray(), await RelayBench.ReadAsync(front, 10));
    }

    [Theory]
    [InlineData("tcp-tcp")]
    [InlineData("tcp-unix")]
    public async Task Start_EnclaveGoneAlready_GivesBackWhatTheClientSaid(string kind)
    {
        using var bench = RelayBench.Of(kind, startsOver: true);
        bench.Enclave.Close(0);

        bench.Relay.Start("hello"u8.ToArray());

        await bench.EndedAsync();
        Assert.True(bench.Relay.IsUntouched);
        Assert.Equal("hello"u8.ToArray(), bench.Relay.Unsent);
        using var other = SocketPair.Unix();
        var relay = new SocketRelay(
            bench.Relay.Front,
            RelayBench.Take(other),
            LoopSocketOptions.Default,
            LoopSocketOptions.Default,
            bench,
            RelayBench.Loop,
            TimeProvider.System);
        await RelayBench.SendAsync(bench.Client, ", and more"u8.ToArray(), ends: true);
        relay.Start(bench.Relay.Unsent);
        Assert.Equal("hello, and more"u8.ToArray(), (await RelayBench.ReadToEndAsync(other.Far)).Bytes);
        other.Far.Dispose();
        await Eventually.TrueAsync(() => bench.FrontIsClosed);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task End_OfTheEnclaveBeforeAByteAndNoOtherIsWanted_IsTheClientsEnd(string kind)
    {
        using var bench = RelayBench.Start(kind);

        bench.Enclave.Shutdown(SocketShutdown.Send);

        Assert.Equal(("", false), await EndOf(bench.Client));
        bench.Client.Dispose();
        await bench.AssertOverAsync();
        Assert.Equal((false, RelaySide.Back), (bench.Relay.IsUntouched, bench.Relay.FirstEnded));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task End_OfTheEnclaveAfterAByte_IsNoStartOver(bool fromClient)
    {
        using var bench = RelayBench.Start("unix-unix", startsOver: true);
        await RelayBench.SendAsync(fromClient ? bench.Client : bench.Enclave, new byte[1]);
        await RelayBench.ReadAsync(fromClient ? bench.Enclave : bench.Client, 1);

        bench.Enclave.Shutdown(SocketShutdown.Send);

        Assert.Equal(("", false), await EndOf(bench.Client));
        bench.Client.Shutdown(SocketShutdown.Send);
        await bench.AssertOverAsync();
        Assert.False(bench.Relay.IsUntouched);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Close_ByAnotherThread_EndsBothInOrder(string kind)
    {
        using var bench = RelayBench.Start(kind);
        await RelayBench.SendAsync(bench.Enclave, "all of it"u8.ToArray());
        await Eventually.TrueAsync(() => bench.Relay.CarriedBack == 9);

        bench.Relay.Close();
        bench.Relay.Close();

        Assert.Equal(("all of it", false), await EndOf(bench.Client));
        Assert.Equal(("", false), await EndOf(bench.Enclave));
        await bench.AssertOverAsync();
        Assert.Equal((null, null), (bench.Relay.FirstEnded, bench.Relay.Broken));
    }

    [Fact]
    public async Task Close_WhileSomethingWaitsToBeTaken_IsAResetOfWhomItWasFor()
    {
        using var bench = RelayBench.Start("tcp-tcp", buffers: RoomForSegments);
        var sending = SendUntilItFailsAsync(bench.Enclave);
        await IsKeptAsync(bench.Enclave);

        bench.Relay.Close();

        await bench.AssertOverAsync();
        await sending;
        Assert.True((await RelayBench.ReadToEndAsync(bench.Client)).IsReset);
    }

    [Fact]
    public async Task Close_BeforeItHasBegun_IsTheEnd()
    {
        using var bench = RelayBench.Of("tcp-tcp");

        bench.Relay.Close();
        bench.Relay.Start("never"u8.ToArray());

        Assert.Equal(("", false), await EndOf(bench.Enclave));
        await bench.AssertOverAsync();
    }

    [Fact]
    public async Task LastProgress_FollowsBytesAndEnds()
    {
        using var bench = RelayBench.Start("tcp-unix");
        var before = bench.Relay.LastProgress;

        bench.Time.Advance(TimeSpan.FromSeconds(1));
        await RelayBench.SendAsync(bench.Client, "x"u8.ToArray());
        await RelayBench.ReadAsync(bench.Enclave, 1);
        Assert.Equal(before + TimeSpan.TicksPerSecond, bench.Relay.LastProgress);

        bench.Time.Advance(TimeSpan.FromSeconds(1));
        bench.Enclave.Shutdown(SocketShutdown.Send);
        await RelayBench.ReadToEndAsync(bench.Client);
        Assert.Equal(before + 2 * TimeSpan.TicksPerSecond, bench.Relay.LastProgress);

        bench.Time.Advance(TimeSpan.FromSeconds(1));
        await RelayBench.TurnsAsync();
        Assert.Equal(before + 2 * TimeSpan.TicksPerSecond, bench.Relay.LastProgress);
    }

    [Fact]
    public async Task Start_LargestSendOfTheBack_IsKept()
    {
        using var bench = RelayBench.Start("unix-packets", backOptions: new LoopSocketOptions { MaxSendBytes = 100 });

        await RelayBench.SendAsync(bench.Client, new byte[1050], ends: true);

        int[] sizes = [.. Enumerable.Repeat(100, 10), 50];
        Assert.Equal(sizes, await PacketsAsync(bench.Enclave));
    }

    [Fact]
    public async Task Start_SmallSegmentsWaitForAReader_AreJoined()
    {
        using var bench = RelayBench.Start("unix-packets");
        var segment = new byte[129];
        var alone = 0;
        while (true)
        {
            await RelayBench.SendAsync(bench.Client, segment);
            await RelayBench.TurnsAsync();
            if (bench.Relay.CarriedForward == alone * segment.Length)
                break;
            alone++;
        }

        for (var i = 0; i < 100; i++)
            await RelayBench.SendAsync(bench.Client, segment);
        bench.Client.Shutdown(SocketShutdown.Send);

        var packets = await PacketsAsync(bench.Enclave);

        Assert.Equal((alone + 101) * segment.Length, packets.Sum());
        Assert.InRange(packets.Count, alone + 1, alone + 3);
    }

    /// <summary>The same numbers each time, but what the kernel makes of them.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Start_ManyAtOnceInDifferentWays_EachCarriesWholeAndCloses(int seed)
    {
        var random = new Random(seed);
        var kinds = Kinds.Select(kind => (string)kind.Data).ToList();

        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => RunAsync(kinds[i % kinds.Count], new Random(random.Next()))));

        static async Task RunAsync(string kind, Random random)
        {
            using var bench = RelayBench.Of(kind, buffers: random.Next(3) == 0 ? 10_000 : null);
            var (there, back) = (new byte[random.Next(300_000)], new byte[random.Next(300_000)]);
            random.NextBytes(there);
            random.NextBytes(back);
            var initial = random.Next(2) == 0 ? there[..random.Next(there.Length / 2)] : null;
            bench.Relay.Start(initial);
            var (one, other) = (new Random(random.Next()), new Random(random.Next()));
            var arriving = Task.WhenAll(RelayBench.ReadToEndAsync(bench.Enclave), RelayBench.ReadToEndAsync(bench.Client));
            var rest = there[(initial?.Length ?? 0)..];
            await Task.WhenAll(SendInPiecesAsync(bench.Client, rest, one), SendInPiecesAsync(bench.Enclave, back, other));
            var arrived = await arriving;
            Assert.Equal(there, arrived[0].Bytes);
            Assert.Equal(back, arrived[1].Bytes);
            await bench.AssertOverAsync();
            Assert.Equal((there.Length, back.Length, null), (bench.Relay.CarriedForward, bench.Relay.CarriedBack, bench.Relay.Broken));
        }
    }

    private static async Task SendInPiecesAsync(Socket socket, byte[] bytes, Random random)
    {
        for (var sent = 0; sent < bytes.Length;)
        {
            var piece = Math.Min(random.Next(1, 40_000), bytes.Length - sent);
            await RelayBench.SendAsync(socket, bytes.AsMemory(sent, piece));
            sent += piece;
            if (random.Next(4) == 0)
                await RelayBench.TurnsAsync();
        }

        socket.Shutdown(SocketShutdown.Send);
    }

    private static async Task<SocketError> SendUntilItFailsAsync(Socket socket)
    {
        var bytes = new byte[20_000];
        while (true)
        {
            try
            {
                await socket.SendAsync(bytes);
            }
            catch (SocketException ex)
            {
                return ex.SocketErrorCode;
            }
        }
    }

    /// <summary>Until what a side sends is taken by nobody: it finds no room, and finds none later.</summary>
    private static async Task IsKeptAsync(Socket sender)
    {
        for (var full = 0; full < 20; full = sender.Poll(0, SelectMode.SelectWrite) ? 0 : full + 1)
        {
            await Task.Yield();
            await RelayBench.TurnsAsync();
        }
    }

    private static async Task<List<int>> PacketsAsync(Socket socket)
    {
        var packets = new List<int>();
        var buffer = new byte[100_000];
        while (await socket.ReceiveAsync(buffer.AsMemory()).AsTask().WaitAsync(TestDeadline.Value) is > 0 and var count)
            packets.Add(count);
        return packets;
    }

    private static async Task<(string Text, bool IsReset)> EndOf(Socket socket)
    {
        var (bytes, isReset) = await RelayBench.ReadToEndAsync(socket);
        return (Encoding.Latin1.GetString(bytes), isReset);
    }
}
