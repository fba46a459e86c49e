using System.Text;
using ParentProxy.Inside.Logs;

namespace ParentProxy.Tests.Inside.Logs;

public sealed class LineCutterTests
{
    private const int Longest = 8;

    [Theory]
    [InlineData("a\nbc\n", "a\nbc\n")]
    [InlineData("a\r\n\r\n\nb\r\n", "a\r\n\r\n\nb\r\n")]
    [InlineData("no end", "no end\n")]
    [InlineData("", "")]
    [InlineData("12345678\n1\n", "12345678\n1\n")]
    [InlineData("12345678\r\n1\n", "12345678\r\n1\n")]
    [InlineData("123456789\n1\n", "12345678 [cut after 8 bytes]\n1\n")]
    [InlineData("1234567890123456789012345\r\nx\n", "12345678 [cut after 8 bytes]\nx\n")]
    [InlineData("123456789012", "12345678 [cut after 8 bytes]\n")]
    [InlineData("12345678\r", "12345678\r\n")]
    [InlineData("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\n5\n6\n7\n8\n9\n")]
    public void Add_InPiecesOfAnySize_ComesToTheSameLines(string written, string expected)
    {
        var bytes = Encoding.ASCII.GetBytes(written);
        for (var size = 1; size <= Math.Max(1, bytes.Length); size++)
        {
            var target = new Target();
            var cutter = new LineCutter(Longest, target);

            foreach (var piece in bytes.Chunk(size))
                cutter.Add(piece);
            cutter.End();
            cutter.End();

            Assert.Equal(expected, target.Text);
            Assert.Equal(expected.Count(c => c == '\n'), target.Count);
        }
    }

    [Fact]
    public void End_InTheMiddle_BeginsANewLine()
    {
        var target = new Target();
        var cutter = new LineCutter(Longest, target);

        cutter.Add("far more than eight"u8);
        cutter.End();
        cutter.Add("next\n"u8);

        Assert.Equal("far more [cut after 8 bytes]\nnext\n", target.Text);
    }

    private sealed class Target : ILineTarget
    {
        private readonly StringBuilder _text = new();

        public int Count { get; private set; }

        public string Text => _text.ToString();

        public void Add(ReadOnlySpan<byte> lines, int count)
        {
            Assert.True(lines.EndsWith("\n"u8));
            _text.Append(Encoding.ASCII.GetString(lines));
            Count += count;
        }
    }
}
