using System.Text;
using ParentProxy.Egress.Logs;

namespace ParentProxy.Tests.Egress.Logs;

public sealed class LineBufferTests
{
    [Theory]
    [InlineData("one\ntwo\r\nthree", "one|two|three")]
    [InlineData("one\n", "one")]
    [InlineData("\n\r\none\n", "||one")]
    [InlineData("one\rtwo\n", "one\rtwo")]
    [InlineData("one\r\r\n", "one\r")]
    [InlineData("12345678\n", "12345678")]
    [InlineData("12345678\r\n", "12345678")]
    [InlineData("12345678", "12345678")]
    [InlineData("123456789\nnext\n", "12345678+|next")]
    [InlineData("1234567890123456789012345678901234567890\r\nnext", "12345678+|next")]
    [InlineData("123456789", "12345678+")]
    [InlineData("1234567890123456", "12345678+")]
    [InlineData("12345678\r9\n", "12345678+")]
    [InlineData("", "")]
    public void Take_InPiecesOfAnySize_GivesTheSameLines(string sent, string expected)
    {
        for (var size = 1; size <= sent.Length + 1; size++)
            Assert.Equal(expected, string.Join('|', LinesOf(sent, size)));
    }

    [Fact]
    public void Take_LineOfManyPieces_IsWhole()
    {
        var line = new string('x', 100_000);
        Assert.Equal([line, "y"], LinesOf($"{line}\ny", pieces: 1000, maxBytes: 100_000));
    }

    [Fact]
    public void Take_LimitLoweredMeanwhile_CutsWhatIsHeld()
    {
        using var lines = new LineBuffer();
        Add(lines, "0123456789"u8);
        Assert.False(lines.TryTake(100, out _, out _));

        Assert.True(lines.TryTake(4, out var line, out var isCut));

        Assert.Equal(("0123", true), (Encoding.ASCII.GetString(line), isCut));
    }

    private static List<string> LinesOf(string sent, int pieces, int maxBytes = 8)
    {
        using var lines = new LineBuffer();
        var found = new List<string>();
        foreach (var piece in Encoding.ASCII.GetBytes(sent).Chunk(pieces))
        {
            Add(lines, piece);
            while (lines.TryTake(maxBytes, out var line, out var isCut))
                found.Add(Encoding.ASCII.GetString(line) + (isCut ? "+" : ""));
            lines.Trim();
        }

        if (lines.TryTakeLast(maxBytes, out var last, out var isLastCut))
            found.Add(Encoding.ASCII.GetString(last) + (isLastCut ? "+" : ""));
        return found;
    }

    private static void Add(LineBuffer lines, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var room = lines.Room().Span;
            var count = Math.Min(room.Length, bytes.Length);
            bytes[..count].CopyTo(room);
            bytes = bytes[count..];
            lines.Add(count);
        }
    }
}
