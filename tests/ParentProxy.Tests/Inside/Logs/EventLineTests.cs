using System.Globalization;
using System.Text;
using System.Text.Json;
using ParentProxy.Inside.Logs;
using Serilog.Events;
using Serilog.Parsing;

namespace ParentProxy.Tests.Inside.Logs;

public sealed class EventLineTests
{
    [Theory]
    [InlineData("short", 0)]
    [InlineData("short", 1000)]
    [InlineData("a long one", 0)]
    [InlineData("a long one", 1000)]
    [InlineData("\n\"\u0001", 0)]
    [InlineData("ä€😀", 0)]
    [InlineData("ä€😀", 1000)]
    public void Format_TooLong_IsJsonThatFits(string text, int exception)
    {
        var message = text == "short" ? text : string.Concat(Enumerable.Repeat(text, 200));

        var (line, bytes) = Format(message, exception > 0 ? new InvalidOperationException(new string('\n', exception)) : null);

        Assert.InRange(bytes, 1, 512);
        Assert.Equal("Warning", line.GetProperty("level").GetString());
        var told = line.GetProperty("message").GetString()!;
        if (text == "short")
            Assert.Equal("short", told);
        else
            Assert.EndsWith(" [cut]", told, StringComparison.Ordinal);
    }

    [Fact]
    public void Format_LongException_KeepsItsBeginningAndTheMessage()
    {
        var (line, bytes) = Format("short", new InvalidOperationException(new string('x', 1000)));

        Assert.Equal((512, "short"), (bytes, line.GetProperty("message").GetString()));
        Assert.Matches("^System.InvalidOperationException: x+ \\[cut\\]$", line.GetProperty("exception").GetString());
    }

    private static (JsonElement Line, int Bytes) Format(string message, Exception? exception)
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        new EventLine(512).Format(
            new LogEvent(
                DateTimeOffset.UnixEpoch,
                LogEventLevel.Warning,
                exception,
                new MessageTemplateParser().Parse("{Text}"),
                [new LogEventProperty("Text", new ScalarValue(message))]),
            output);
        var line = output.ToString();
        Assert.EndsWith("}\n", line, StringComparison.Ordinal);
        return (JsonDocument.Parse(line).RootElement, Encoding.UTF8.GetByteCount(line));
    }
}
