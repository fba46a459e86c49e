using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using ParentProxy.Ingress.Kestrel;
using ParentProxy.Tests.Http1;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Kestrel;

/// <summary>What Kestrel is given to read, which takes each chunk size in the plainest form only.</summary>
public sealed class RequestInputTests
{
    private const string Behind = "X: 1\r\n\r\nGET /000000005 ;a HTTP/1.1\r\n";

    [Theory]
    [InlineData("5\r\nhello\r\n0\r\n", "5\r\nhello\r\n0\r\n")]
    [InlineData("0\r\n", "0\r\n")]
    [InlineData("000000000000;a\r\n", "0\r\n")]
    [InlineData("000000005 ;a=\"b\"\r\nhello\r\n1\t;\r\n!\r\n0\r\n", "5\r\nhello\r\n1\r\n!\r\n0\r\n")]
    [InlineData("b;a\r\n\r\n0\r\n\r\n5;a\r\r\n00\r\n", "B\r\n\r\n0\r\n\r\n5;a\r\r\n0\r\n")]
    [InlineData("5\r\nhello!", "5\r\nhelloxx")]
    [InlineData("5\nhello", "xx")]
    [InlineData("5 \r\nhello", "xx")]
    [InlineData("5\r\nhello\r\n0;a\n", "5\r\nhelloxx")]
    public async Task Chunks_InEveryForm_AreGivenInThePlainest(string sent, string given)
    {
        var isWhole = given.EndsWith("0\r\n", StringComparison.Ordinal);
        foreach (var ends in Splits.Of(sent.Length))
        {
            var pipe = new Pipe();
            var input = new RequestInput(pipe.Reader);
            input.BeginChunks();
            var reading = ReadAsync(input, isWhole ? given + Behind : given);
            var start = 0;
            foreach (var end in ends)
            {
                await pipe.Writer.WriteAsync(Encoding.Latin1.GetBytes(sent[start..end]));
                start = end;
            }

            await pipe.Writer.WriteAsync(Encoding.Latin1.GetBytes(sent[start..] + (isWhole ? Behind : "")));

            Assert.Equal(isWhole ? given + Behind : given, await reading.WaitAsync(TestDeadline.Value));
        }
    }

    [Fact]
    public async Task Chunk_LargerThanKestrelTakes_IsGivenInSeveral()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var input = new RequestInput(pipe.Reader);
        input.BeginChunks();
        await pipe.Writer.WriteAsync("80000000\r\n"u8.ToArray());
        var piece = new byte[1024 * 1024];
        var text = "";
        var data = 0L;
        for (var i = 0; i < 2048; i++)
        {
            await pipe.Writer.WriteAsync(piece);
            for (var size = 0L; size < piece.Length;)
            {
                var read = await input.ReadAsync();
                foreach (var segment in read.Buffer)
                {
                    var framing = segment.Span.Length - segment.Span.Count((byte)0);
                    size += segment.Length - framing;
                    if (framing > 0)
                        text += Encoding.Latin1.GetString(segment.Span).Replace("\0", "", StringComparison.Ordinal);
                }

                input.AdvanceTo(read.Buffer.End);
            }

            data += piece.Length;
        }

        await pipe.Writer.WriteAsync("\r\n0\r\n"u8.ToArray());

        Assert.Equal(0x80000000L, data);
        Assert.Equal("7FFFFFFF\r\n\r\n1\r\n", text);
        Assert.Equal("\r\n0\r\n", await ReadAsync(input, "\r\n0\r\n"));
    }

    [Fact]
    public async Task Read_TheEndInTheMiddleOfAChunk_IsTheEnd()
    {
        var pipe = new Pipe();
        var input = new RequestInput(pipe.Reader);
        input.BeginChunks();
        await pipe.Writer.WriteAsync("0005\r\nhe"u8.ToArray());
        await pipe.Writer.CompleteAsync();

        Assert.Equal("5\r\nhe", await ReadAsync(input, "5\r\nhe"));
        var last = await input.ReadAsync();

        Assert.True(last is { IsCompleted: true, Buffer.IsEmpty: true });
    }

    [Fact]
    public async Task CancelPendingRead_WhileChunksAreAwaited_EndsTheWait()
    {
        var pipe = new Pipe();
        var input = new RequestInput(pipe.Reader);
        input.BeginChunks();
        await pipe.Writer.WriteAsync("000"u8.ToArray());
        var reading = input.ReadAsync();
        Assert.False(reading.IsCompleted);

        input.CancelPendingRead();
        var read = await reading.AsTask().WaitAsync(TestDeadline.Value);
        input.AdvanceTo(read.Buffer.Start);
        await pipe.Writer.WriteAsync("1\r\na"u8.ToArray());

        Assert.True(read.IsCanceled);
        Assert.Equal("1\r\na", await ReadAsync(input, "1\r\na"));
    }

    private static async Task<string> ReadAsync(PipeReader input, string expected)
    {
        var text = "";
        while (text.Length < expected.Length)
        {
            var read = await input.ReadAsync();
            text += Encoding.Latin1.GetString(read.Buffer.ToArray());
            input.AdvanceTo(read.Buffer.End);
        }

        return text;
    }
}
