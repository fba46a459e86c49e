using System.Globalization;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Display;
using Serilog.Formatting.Json;

namespace ParentProxy.Telemetry;

/// <summary>
/// One JSON object a line, with the keys of Serilog's own <see cref="JsonFormatter"/>. That one puts quotation marks
/// around every text in the rendered message, which makes a sentence unreadable in a journal.
/// </summary>
internal sealed class JsonLineFormatter : ITextFormatter
{
    private readonly JsonValueFormatter _values = new();
    private readonly MessageTemplateTextFormatter _message = new("{Message:lj}", CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public void Format(LogEvent logEvent, TextWriter output)
    {
        output.Write("{\"Timestamp\":\"");
        output.Write(logEvent.Timestamp.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        output.Write("\",\"Level\":\"");
        output.Write(logEvent.Level);
        output.Write("\",\"RenderedMessage\":");
        using (var message = new StringWriter(CultureInfo.InvariantCulture))
        {
            _message.Format(logEvent, message);
            JsonValueFormatter.WriteQuotedJsonString(message.ToString(), output);
        }

        if (logEvent.Exception is { } exception)
        {
            output.Write(",\"Exception\":");
            JsonValueFormatter.WriteQuotedJsonString(exception.ToString(), output);
        }

        output.Write(",\"Properties\":{");
        var separator = "";
        foreach (var (name, value) in logEvent.Properties)
        {
            output.Write(separator);
            JsonValueFormatter.WriteQuotedJsonString(name, output);
            output.Write(':');
            _values.Format(value, output);
            separator = ",";
        }

        output.WriteLine("}}");
    }
}
