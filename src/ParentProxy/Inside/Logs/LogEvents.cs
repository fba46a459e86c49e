using System.Globalization;
using ParentProxy.Endpoints;
using Serilog.Events;
using Serilog.Parsing;

namespace ParentProxy.Inside.Logs;

/// <summary>
/// What the log says of itself. Not by a logger: such a line stands at its own place among the others, and is told on the console while the
/// parent is away.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class LogEvents(TimeProvider time)
{
    private static readonly MessageTemplateParser Templates = new();

    /// <summary>The parent does not take lines.</summary>
    public LogEvent Away(EnclaveEndpoint to, string reason, int bufferBytes) => Event(
        1170,
        LogEventLevel.Warning,
        "The parent's log ({Parent}) takes no lines, which wait ({BufferBytes} bytes at most, Enclave:Logs:BufferBytes): {Reason}",
        ("Parent", to.ToString()),
        ("BufferBytes", bufferBytes),
        ("Reason", reason));

    public LogEvent Back(EnclaveEndpoint to, TimeSpan away) => Event(
        1171,
        LogEventLevel.Information,
        "The parent's log ({Parent}) takes lines again after {Duration}",
        ("Parent", to.ToString()),
        ("Duration", away.ToString("c", CultureInfo.InvariantCulture)));

    /// <summary>Lines found no room.</summary>
    public LogEvent Lost(long lines) => Event(
        1172,
        LogEventLevel.Warning,
        "{Lines} lines were lost here: they came faster than the parent took them, and more than Enclave:Logs:BufferBytes",
        ("Lines", lines));

    /// <summary>Lines found no room on the console.</summary>
    public LogEvent LostOnConsole(long lines) => Event(
        1173, LogEventLevel.Warning, "{Lines} lines were lost here: standard output was not read fast enough", ("Lines", lines));

    /// <summary>Lines could not be written before the end.</summary>
    public LogEvent NotSent(EnclaveEndpoint to, long lines) => Event(
        1174,
        LogEventLevel.Warning,
        "{Lines} lines have not reached the parent's log ({Parent}): the program ends",
        ("Lines", lines),
        ("Parent", to.ToString()));

    /// <summary>Something is wrong with this program.</summary>
    public LogEvent Fault(Exception exception) => Event(
        1175,
        LogEventLevel.Error,
        "Lines are not written to the parent any more, by a fault of this program: {Fault}",
        ("Fault", exception.ToString()));

    private LogEvent Event(int id, LogEventLevel level, string template, params ReadOnlySpan<(string Name, object Value)> values)
    {
        var properties = new List<LogEventProperty>();
        foreach (var (name, value) in values)
            properties.Add(new LogEventProperty(name, new ScalarValue(value)));
        properties.Add(new LogEventProperty("EventId", new StructureValue([new LogEventProperty("Id", new ScalarValue(id))])));
        properties.Add(new LogEventProperty("SourceContext", new ScalarValue(typeof(LogShipper).FullName)));
        return new LogEvent(time.GetLocalNow(), level, exception: null, Templates.Parse(template), properties);
    }
}
