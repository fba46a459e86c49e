using System.Globalization;
using System.Text;
using ParentProxy.Http1;

namespace ParentProxy.Tests.Http1;

public sealed class ChunkedDecoderTests
{
    private const string Behind = "0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";

    public static TheoryData<string, string> Accepted => new()
    {
        { "0\r\n\r\n", "''" },
        { "000\r\n\r\n", "''" },
        { "5\r\nhello\r\n0\r\n\r\n", "'hello'" },
        { "5\r\nhello\r\n1\r\n \r\n005\r\nworld\r\n0\r\n\r\n", "'hello world'" },
        { "a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n", "'01234567890123456789a'" },
        { "0000000000000000000000000000000000000000a\r\n0123456789\r\n0\r\n\r\n", "'0123456789'" },
        { "4\r\n\r\n\r\n\r\n0\r\n\r\n", "'\r\n\r\n'" },
        { "5\r\n0\r\n\r\n\r\n0\r\n\r\n", "'0\r\n\r\n'" },
        { "3\r\n\0\n\xFF\r\n0\r\n\r\n", "'\0\n\xFF'" },
        { "1;a\r\nx\r\n0\r\n\r\n", "'x'" },
        { "1;a=b;c=\"d;\xE9 \t\\\"\"\r\nx\r\n0;last\r\n\r\n", "'x'" },
        { "1 ; a = b\r\nx\r\n0\t;b\r\n\r\n", "'x'" },
        { "1;\r\nx\r\n0;\r\n\r\n", "'x'" },
        { "1  \r\nx\r\n0 \t\r\n\r\n", "'x'" },
        { "0\r\na: b\r\n\r\n", "'' a:b" },
        { "1\r\nx\r\n0\r\ngrpc-status: 0\r\nGrpc-Message:\t\xE9 \r\ne:\r\n\r\n", "'x' grpc-status:0 Grpc-Message:\xE9 e:" },
        { "0\r\nTransfer-Encoding: chunked\r\ncontent-length: 5\r\nHOST: a\r\nTrailer: x\r\nConnection: close\r\nTE: x\r\nUpgrade: x\r\n" +
            "Keep-Alive: x\r\nProxy-Connection: x\r\nContent-Type: x\r\nContent-Encoding: x\r\n"
                + "Content-Range: x\r\nx-sum: 1\r\n\r\n", "'' x-sum:1" },
    };

    public static TheoryData<string, string> Refused => new()
    {
        { "\r\n", "a chunk size that is not a hexadecimal number" },
        { " 5\r\n", "a chunk size that is not a hexadecimal number" },
        { ";a\r\n", "a chunk size that is not a hexadecimal number" },
        { "+5\r\n", "a chunk size that is not a hexadecimal number" },
        { "-5\r\n", "a chunk size that is not a hexadecimal number" },
        { "0x5\r\n", "a chunk size that is not a hexadecimal number" },
        { "5h\r\n", "a chunk size that is not a hexadecimal number" },
        { "g\r\n", "a chunk size that is not a hexadecimal number" },
        { "5 5\r\n", "a chunk size that is not a hexadecimal number" },
        { "5,5\r\n", "a chunk size that is not a hexadecimal number" },
        { "5.\r\n", "a chunk size that is not a hexadecimal number" },
        { "\0", "a chunk size that is not a hexadecimal number" },
        { "5\0", "a chunk size that is not a hexadecimal number" },
        { "\xB2\r\n", "a chunk size that is not a hexadecimal number" },
        { "<html>", "a chunk size that is not a hexadecimal number" },
        { "\n", "a bare LF in a chunk size line" },
        { "5\nhello", "a bare LF in a chunk size line" },
        { "5;a\nhello", "a bare LF in a chunk size line" },
        { "5 \n", "a bare LF in a chunk size line" },
        { "5\rhello", "a bare CR in a chunk size line" },
        { "5;a\rb\r\nhello", "a bare CR in a chunk size line" },
        { "5\r\r\n", "a bare CR in a chunk size line" },
        { "5;\0\r\n", "a control byte (0x00) in a chunk size line" },
        { "5;a\x1B\r\n", "a control byte (0x1B) in a chunk size line" },
        { "5;a=\"\x7F\"\r\n", "a control byte (0x7F) in a chunk size line" },
        { "8000000000000000\r\n", "a chunk size above 9223372036854775807" },
        { "ffffffffffffffff\r\n", "a chunk size above 9223372036854775807" },
        { "10000000000000000\r\n", "a chunk size above 9223372036854775807" },
        { "10000000000000005\r\nhello\r\n", "a chunk size above 9223372036854775807" },
        { "5\r\nhello0\r\n\r\n", "chunk data without CR LF behind it" },
        { "5\r\nhello\n0\r\n\r\n", "chunk data without CR LF behind it" },
        { "5\r\nhello\r0\r\n\r\n", "chunk data without CR LF behind it" },
        { "5\r\nhello\r\r\n", "chunk data without CR LF behind it" },
        { "5\r\nhello!\r\n0\r\n\r\n", "chunk data without CR LF behind it" },
        { "5\r\nhell\r\n0\r\n\r\n", "chunk data without CR LF behind it" },
        { "0\r\n\n", "a bare LF in the trailers" },
        { "0\r\na: b\n\r\n", "a bare LF in the trailers" },
        { "0\r\n\rx", "a bare CR in the trailers" },
        { "0\r\na: b\rc\r\n\r\n", "a bare CR in the trailers" },
        { "0\r\na: \0\r\n\r\n", "a control byte (0x00) in the trailers" },
        { "0\r\na: b\r\n c\r\n\r\n", "a folded field line" },
        { "0\r\n a: b\r\n\r\n", "a folded field line" },
        { "0\r\na\r\n\r\n", "a field line without a colon" },
        { "0\r\nHTTP/1.1 200 OK\r\n\r\n", "a field line without a colon" },
        { "0\r\n: b\r\n\r\n", "a field line with an empty name" },
        { "0\r\na : b\r\n\r\n", "a space between a field name and its colon" },
        { "0\r\na b: c\r\n\r\n", "a field name with a byte that no name may have" },
        { "0\r\nContent-Length : 5\r\n\r\n", "a space between a field name and its colon" },
    };

    [Theory]
    [MemberData(nameof(Accepted))]
    public void Read_GoodBody_GivesDataAndTrailers(string body, string expected)
    {
        var decoder = new ChunkedDecoder(Http1Limits.Default);
        foreach (var ends in Splits.Of(body.Length))
        {
            Assert.Equal(expected, Decode(decoder, body, ends, ""));
            Assert.Equal(expected, Decode(decoder, body, ends, Behind));
        }
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void Read_BadBody_SaysWhatIsWrong(string body, string reason)
    {
        foreach (var ends in Splits.Of(body.Length))
        {
            Assert.Equal(reason, Refusal(Http1Limits.Default, body, ends, ""));
            Assert.Equal(reason, Refusal(Http1Limits.Default, body, ends, Behind));
        }
    }

    [Theory]
    [MemberData(nameof(Accepted))]
    public void Read_PartOfAGoodBody_NeedsMore(string body, string expected)
    {
        for (var length = 0; length < body.Length; length++)
        {
            var decoder = new ChunkedDecoder(Http1Limits.Default);
            Assert.False(Feed(decoder, Encoding.Latin1.GetBytes(body[..length]), new StringBuilder(), out var consumed));
            Assert.Equal(length, consumed);
            // And one that was left in the middle is begun anew.
            Assert.Equal(expected, Decode(decoder, body, [body.Length], Behind));
        }
    }

    [Fact]
    public void Read_OnePiece_IsASliceOfTheSource()
    {
        var decoder = new ChunkedDecoder(Http1Limits.Default);
        Assert.Equal(ChunkedProgress.Data, decoder.Read("5\r\nhello\r\n3\r\nabc"u8, out var consumed, out var data));
        Assert.Equal((8, 3..8), (consumed, data));
        Assert.Equal(ChunkedProgress.Data, decoder.Read("\r\n3\r\nab"u8, out consumed, out data));
        Assert.Equal((7, 5..7), (consumed, data));
        Assert.Equal(ChunkedProgress.NeedsMore, decoder.Read(""u8, out consumed, out data));
        Assert.Equal((0, 0..0), (consumed, data));
        Assert.Equal(ChunkedProgress.Data, decoder.Read("c\r\n0\r\n\r\nx"u8, out consumed, out data));
        Assert.Equal((1, 0..1), (consumed, data));
        Assert.Equal(ChunkedProgress.End, decoder.Read("\r\n0\r\n\r\nx"u8, out consumed, out data));
        Assert.Equal((7, 0..0), (consumed, data));
        Assert.Equal(ChunkedProgress.End, decoder.Read("x"u8, out consumed, out data));
        Assert.Equal((0, 0..0), (consumed, data));
    }

    [Fact]
    public void Read_ChunkOfTheGreatestSize_GoesOnAndOn()
    {
        var decoder = new ChunkedDecoder(Http1Limits.Default);
        Assert.Equal(ChunkedProgress.NeedsMore, decoder.Read("7fffffffffffffff\r\n"u8, out _, out _));
        var piece = new byte[100_000];
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(ChunkedProgress.Data, decoder.Read(piece, out var consumed, out var data));
            Assert.Equal((piece.Length, 0..piece.Length), (consumed, data));
        }
    }

    [Fact]
    public void Read_SizeLineUpToTheLimit_IsAccepted_OneByteMoreIsNot()
    {
        var limits = new Http1Limits { MaxChunkLineBytes = 20 };
        foreach (var filler in new[] { "1;xxxxxxxxxxxxxxxx", "000000000000000001", "1                 " })
        {
            Assert.Equal(18, filler.Length);
            var body = $"{filler}\r\na\r\n{filler}\r\nb\r\n0\r\n\r\n";
            foreach (var ends in Splits.Of(body.Length))
                Assert.Equal("'ab'", Decode(new(limits), body, ends, Behind));
            body = filler.Replace("1", filler[0] == '0' ? "01" : "1 ", StringComparison.Ordinal) + "\r\n";
            foreach (var ends in Splits.Of(body.Length))
                Assert.Equal("a chunk size line of more than 20 bytes", Refusal(limits, body, ends, ""));
        }
    }

    [Fact]
    public void Read_TrailersUpToTheLimit_AreAccepted_OneByteMoreIsNot()
    {
        var limits = new Http1Limits { MaxTrailerBytes = 20 };
        foreach (var trailers in new[] { "a: 1\r\nb: 2\r\nc: 3\r\n\r\n", "a: 0123456789abc\r\n\r\n" })
        {
            var body = "0\r\n" + trailers;
            foreach (var ends in Splits.Of(body.Length))
                Assert.StartsWith("'' a:", Decode(new(limits), body, ends, Behind), StringComparison.Ordinal);
            body = "0\r\nx" + trailers;
            foreach (var ends in Splits.Of(body.Length))
                Assert.Equal("the trailers are larger than 20 bytes", Refusal(limits, body, ends, ""));
        }
    }

    [Fact]
    public void Read_AsManyTrailersAsMayBe_AreAccepted_OneMoreIsNot()
    {
        var limits = new Http1Limits { MaxFields = 2 };
        Assert.Equal("'' a:1 b:2", Decode(new(limits), "0\r\na: 1\r\nb: 2\r\n\r\n", [16], ""));
        // One that is dropped counts too.
        var body = "0\r\na: 1\r\nTrailer: 2\r\nc: 3\r\n";
        foreach (var ends in Splits.Of(body.Length))
            Assert.Equal("more than 2 trailer fields", Refusal(limits, body, ends, ""));
    }

    private static string Refusal(Http1Limits limits, string body, int[] ends, string behind) =>
        Assert.Throws<InvalidResponseException>(() => Decode(new(limits), body, ends, behind)).Message;

    // Feeds the pieces that end at each of the ends, the last with what comes behind the body.
    private static string Decode(ChunkedDecoder decoder, string body, int[] ends, string behind)
    {
        var bytes = Encoding.Latin1.GetBytes(body + behind);
        var text = new StringBuilder("'");
        decoder.Reset();
        var start = 0;
        foreach (var end in ends.SkipLast(1))
        {
            Assert.False(Feed(decoder, bytes.AsSpan(start, end - start), text, out var all));
            Assert.Equal(end - start, all);
            start = end;
        }

        Assert.True(Feed(decoder, bytes.AsSpan(start), text, out var consumed));
        Assert.Equal(body.Length, start + consumed);
        text.Append('\'');
        foreach (var field in decoder.Trailers)
            text.Append(CultureInfo.InvariantCulture, $" {field.Name}:{field.Value}");
        return text.ToString();
    }

    private static bool Feed(ChunkedDecoder decoder, ReadOnlySpan<byte> piece, StringBuilder text, out int consumed)
    {
        consumed = 0;
        while (true)
        {
            var progress = decoder.Read(piece[consumed..], out var count, out var data);
            text.Append(Encoding.Latin1.GetString(piece[consumed..][data]));
            consumed += count;
            if (progress != ChunkedProgress.Data)
                return progress == ChunkedProgress.End;
            Assert.NotEqual(data.Start, data.End);
        }
    }
}
