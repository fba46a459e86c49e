using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Display;

namespace ParentProxy.Inside.Logs;

/// <summary>
/// An event of the program as a line for the parent's log: one JSON object with what a reader there needs, since the parent adds time and
/// enclave, and takes over the level.
/// </summary>
/// <param name="maxBytes">The longest line with its LF; of what does not fit, the exception is cut first, and then the message.</param>
internal sealed class EventLine(int maxBytes) : ITextFormatter
{
    private const string Mark = " [cut]";

    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly MessageTemplateTextFormatter Sentence = new("{Message:l}", CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public void Format(LogEvent logEvent, TextWriter output)
    {
        var message = Message(logEvent);
        var exception = logEvent.Exception?.ToString() ?? "";

        // Before it is JSON: a part of an object is none, and the parent would not find the level in it.
        exception = Cut(exception, text => Fits(Json(logEvent, message, text)));
        message = Cut(message, text => Fits(Json(logEvent, text, exception)));
        output.Write(Encoding.UTF8.GetString(Json(logEvent, message, exception)));
        output.Write('\n');
    }

    /// <summary>The longest beginning that fits, by halves, as a character may take up to six bytes.</summary>
    private static string Cut(string text, Func<string, bool> fits)
    {
        if (fits(text))
            return text;
        var (good, bad) = (0, text.Length);
        while (bad - good > 1)
        {
            var middle = (good + bad) / 2;
            if (fits(text[..middle] + Mark))
                good = middle;
            else
                bad = middle;
        }

        // Both halves of a character, or none.
        if (good > 0 && char.IsHighSurrogate(text[good - 1]))
            good--;
        return good > 0 ? text[..good] + Mark : "";
    }

    private bool Fits(ReadOnlySpan<byte> line) => line.Length < maxBytes;

    private static ReadOnlySpan<byte> Json(LogEvent logEvent, string message, string exception)
    {
        var line = new MemoryStream();
        using (var json = new Utf8JsonWriter(line, Readable))
        {
            json.WriteStartObject();
            json.WriteString("level", logEvent.Level.ToString());
            json.WriteString("from", "parent-proxy");
            json.WriteString("message", message);
            if (exception.Length > 0)
                json.WriteString("exception", exception);
            json.WriteEndObject();
        }

        return line.GetBuffer().AsSpan(0, (int)line.Length);
    }

    private static string Message(LogEvent logEvent)
    {
        using var message = new StringWriter(CultureInfo.InvariantCulture);
        Sentence.Format(logEvent, message);
        return message.ToString();
    }
}
