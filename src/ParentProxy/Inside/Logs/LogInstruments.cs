using System.Diagnostics.Metrics;

namespace ParentProxy.Inside.Logs;

/// <summary>What is measured of lines on their way to the parent; read when it is asked for.</summary>
internal static class LogInstruments
{
    /// <summary>Adds them to the meter.</summary>
    public static void Add(Meter meter, LineQueue lines)
    {
        meter.CreateObservableCounter(
            "parentproxy.inside.log.lines",
            () => new Measurement<long>[] { new(lines.Taken, Result("sent")), new(lines.Lost, Result("lost")) },
            null,
            "Lines of the application and of the program, by what became of them: sent, or lost because they found no room in "
                + "Enclave:Logs:BufferBytes.");
        meter.CreateObservableGauge(
            "parentproxy.inside.log.waiting", () => lines.Waiting, "By", "Bytes of lines that wait for the parent.");
    }

    private static KeyValuePair<string, object?> Result(string word) => new("result", word);
}
