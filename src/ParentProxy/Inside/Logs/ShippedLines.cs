using System.Globalization;
using System.Text;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Display;

namespace ParentProxy.Inside.Logs;

/// <summary>
/// Adds lines of the application and events of the program to what waits for the parent, and for the console where that is wanted.
/// </summary>
/// <param name="parent">What waits for the parent.</param>
/// <param name="console">What waits for the console; null for none.</param>
/// <param name="maxLineBytes">The longest line of the program's own; of a longer one, message and exception are cut.</param>
internal sealed class ShippedLines(LineQueue parent, LineQueue? console, int maxLineBytes) : ILineTarget, ILogEventSink
{
    private const string ConsoleLine = "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj}{NewLine}{Exception}";

    private static readonly EventLine Whole = new(int.MaxValue);
    private static readonly MessageTemplateTextFormatter PlainText = new(ConsoleLine, CultureInfo.InvariantCulture);

    private readonly EventLine _json = new(maxLineBytes);

    /// <inheritdoc/>
    public void Add(ReadOnlySpan<byte> lines, int count)
    {
        parent.Add(lines, count);
        console?.Add(lines, count);
    }

    /// <inheritdoc/>
    public void Emit(LogEvent logEvent)
    {
        parent.AddOwn(Format(_json, logEvent));
        console?.AddOwn(AsText(logEvent));
    }

    /// <summary>An event as the parent reads it, with its level and fields.</summary>
    public static byte[] AsJson(LogEvent logEvent) => Format(Whole, logEvent);

    /// <summary>An event as people read it.</summary>
    public static byte[] AsText(LogEvent logEvent) => Format(PlainText, logEvent);

    private static byte[] Format(ITextFormatter formatter, LogEvent logEvent)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        formatter.Format(logEvent, text);
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
