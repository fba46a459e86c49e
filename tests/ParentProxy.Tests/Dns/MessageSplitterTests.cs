using ParentProxy.Dns;

namespace ParentProxy.Tests.Dns;

public sealed class MessageSplitterTests
{
    private static readonly byte[] First = DnsBytes.Query("a.example", id: 0x0027);
    private static readonly byte[] Second = DnsBytes.Query("a.example", DnsType.Aaaa, id: 0x0027, opt: DnsBytes.Opt());

    public static TheoryData<bool> Framings => [true, false];

    [Theory]
    [MemberData(nameof(Framings))]
    public void Take_TwoMessagesInPiecesOfAnySize_GivesBoth(bool framed)
    {
        var stream = framed ? DnsBytes.Framed(First, Second, First) : [.. First, .. Second, .. First];
        for (var size = 1; size <= stream.Length; size++)
        {
            var splitter = new MessageSplitter();
            var messages = new List<byte[]>();
            foreach (var piece in stream.Chunk(size))
            {
                Receive(splitter, piece);
                while (splitter.Take(out var message) == SplitStatus.Message)
                    messages.Add(message);
            }

            Assert.Equal([First, Second, First], messages);
            Assert.Equal(framed ? StreamFraming.Framed : StreamFraming.Bare, splitter.Framing);
            Assert.False(splitter.HasPart);
        }
    }

    [Fact]
    public void Take_EveryIdAndFlagsOfRealClients_TellsTheFraming()
    {
        // Ids that look like lengths, and lengths that look like ids.
        ushort[] ids = [0, 1, 11, 12, 27, 29, 0x0100, 0x0120, 0x1234, 0x8000, 0xFFFF];
        DnsFlags[] flags = [DnsFlags.None, DnsFlags.RecursionDesired, (DnsFlags)0x0120, (DnsFlags)0x0110, (DnsFlags)0x0130, (DnsFlags)0x0020];
        foreach (var query in ids.SelectMany(id => flags.Select(flag => DnsBytes.Query("a.example", id: id, flags: flag))))
        {
            Assert.Equal(StreamFraming.Bare, FramingOf(query));
            Assert.Equal(StreamFraming.Framed, FramingOf(DnsBytes.Framed(query)));
        }
    }

    [Fact]
    public void Take_FramedMalformed_IsGivenAsItIs()
    {
        // Where it ends is known, whatever is in it.
        byte[] broken = [.. First.AsSpan(0, 12), 0xC0, 0x0C, 0, 1, 0, 1];
        var splitter = new MessageSplitter();
        Receive(splitter, DnsBytes.Framed(broken, First));

        Assert.Equal(SplitStatus.Message, splitter.Take(out var message));
        Assert.Equal(broken, message);
        Assert.Equal(SplitStatus.Message, splitter.Take(out message));
        Assert.Equal(First, message);
    }

    [Fact]
    public void Take_FramedWithoutAQuestion_IsGivenAsItIs()
    {
        byte[] none = [.. First.AsSpan(0, 12)];
        none[5] = 0;
        var splitter = new MessageSplitter();
        Receive(splitter, DnsBytes.Framed(none));

        Assert.Equal(SplitStatus.Message, splitter.Take(out var message));
        Assert.Equal(none, message);
    }

    [Fact]
    public void Take_FramedShorterThanAHeader_IsLost()
    {
        var splitter = new MessageSplitter();
        Receive(splitter, DnsBytes.Framed(First, new byte[11]));

        Assert.Equal(SplitStatus.Message, splitter.Take(out _));
        Assert.Equal(SplitStatus.Lost, splitter.Take(out _));
    }

    [Theory]
    [InlineData(5, 2)] // Two questions.
    [InlineData(7, 2)] // Answers.
    [InlineData(9, 1)] // Authority.
    [InlineData(11, 2)] // More than an OPT record.
    [InlineData(12, 0x40)] // A label of no known kind.
    [InlineData(12, 0xC0)] // A pointer, to a place that is none.
    public void Take_BareMalformed_IsLostAtOnceWithItsHeader(int at, byte value)
    {
        byte[] broken = [.. First];
        broken[at] = value;
        var splitter = new MessageSplitter();
        Receive(splitter, [.. Second, .. broken]);

        Assert.Equal(SplitStatus.Message, splitter.Take(out _));
        Assert.Equal(SplitStatus.Lost, splitter.Take(out var rest));
        Assert.Equal(broken, rest);
    }

    [Fact]
    public void Take_BareThatDoesNotEnd_IsLostAt8192Bytes()
    {
        // An OPT record of 32,768 bytes: no datagram that socat has read.
        byte[] endless = [.. First, 0, 0, 41, 4, 208, 0, 0, 0, 0, 0x80, 0];
        endless[11] = 1;
        var splitter = new MessageSplitter();
        Receive(splitter, [.. endless, .. new byte[8191 - endless.Length]]);

        Assert.Equal(SplitStatus.NeedMore, splitter.Take(out _));
        Receive(splitter, [0]);
        Assert.Equal(SplitStatus.Lost, splitter.Take(out _));
    }

    [Fact]
    public void Take_WhatIsNoDns_IsLost()
    {
        var splitter = new MessageSplitter();
        Receive(splitter, "GET / HTTP/1.1\r\n"u8.ToArray());

        Assert.Equal(SplitStatus.Lost, splitter.Take(out _));
    }

    [Fact]
    public void Take_LargestFramedMessage_IsGiven()
    {
        byte[] largest = [.. First, .. new byte[4096 - First.Length]];
        var splitter = new MessageSplitter();
        Receive(splitter, DnsBytes.Framed(largest));

        Assert.Equal(SplitStatus.Message, splitter.Take(out var message));
        Assert.Equal(largest, message);
    }

    [Fact]
    public void Take_FramedLongerThan4096Bytes_IsLostWithItsHeaderBeforeItIsThere()
    {
        var splitter = new MessageSplitter();
        Receive(splitter, [0x10, 0x01, .. First.AsSpan(0, 11)]);
        Assert.Equal(SplitStatus.NeedMore, splitter.Take(out _));

        Receive(splitter, [First[11]]);
        Assert.Equal(SplitStatus.Lost, splitter.Take(out var header));
        Assert.Equal(First[..12], header);
    }

    private static StreamFraming FramingOf(byte[] stream)
    {
        var splitter = new MessageSplitter();
        Receive(splitter, stream);
        Assert.Equal(SplitStatus.Message, splitter.Take(out _));
        return splitter.Framing;
    }

    private static void Receive(MessageSplitter splitter, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var room = splitter.Room();
            var count = Math.Min(room.Length, bytes.Length);
            bytes[..count].CopyTo(room.Span);
            splitter.Received(count);
            bytes = bytes[count..];
        }
    }
}
