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
internal sealed class EventLine : ITextFormatter
{
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly MessageTemplateTextFormatter Sentence = new("{Message:l}", CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public void Format(LogEvent logEvent, TextWriter output)
    {
        using var line = new MemoryStream();
        using (var json = new Utf8JsonWriter(line, Readable))
        {
            json.WriteStartObject();
            json.WriteString("level", logEvent.Level.ToString());
            json.WriteString("from", "parent-proxy");
            json.WriteString("message", Message(logEvent));
            if (logEvent.Exception is { } exception)
                json.WriteString("exception", exception.ToString());
            json.WriteEndObject();
        }

        output.Write(Encoding.UTF8.GetString(line.GetBuffer().AsSpan(0, (int)line.Length)));
        output.Write('\n');
    }

    private static string Message(LogEvent logEvent)
    {
        using var message = new StringWriter(CultureInfo.InvariantCulture);
        Sentence.Format(logEvent, message);
        return message.ToString();
    }
}
