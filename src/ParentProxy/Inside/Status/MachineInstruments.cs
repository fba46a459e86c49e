using System.Diagnostics.Metrics;
using System.Globalization;

namespace ParentProxy.Inside.Status;

/// <summary>
/// CPU and memory of the enclave, from <c>/proc</c>, under the names that node_exporter gives them: rules and dashboards that know
/// those need no others.
/// </summary>
internal static class MachineInstruments
{
    /// <summary>USER_HZ, which is 100 on every architecture that .NET runs on (proc(5)).</summary>
    private const double TicksPerSecond = 100;

    /// <summary>The columns of <c>/proc/stat</c>; guest time is part of user and nice.</summary>
    private static readonly string[] Modes = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];

    private static readonly string[] MemoryFields = ["MemTotal", "MemFree", "MemAvailable"];

    /// <summary>Adds them to a meter.</summary>
    /// <param name="meter">The meter.</param>
    /// <param name="proc">Where <c>/proc</c> is.</param>
    public static void Add(Meter meter, string proc = "/proc")
    {
        meter.CreateObservableCounter(
            "node.cpu", () => Cpus(Lines(Path.Combine(proc, "stat"))), "s", "Time that each CPU of the enclave spent in each mode.");
        foreach (var field in MemoryFields)
        {
            meter.CreateObservableGauge(
                $"node.memory.{field}",
                () => Memory(Lines(Path.Combine(proc, "meminfo")), field),
                "By",
                $"Memory of the enclave: {field} of /proc/meminfo.");
        }
    }

    private static IEnumerable<Measurement<double>> Cpus(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            // "cpu  …" is the sum of "cpu0 …" and the others.
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length < 2 || !fields[0].StartsWith("cpu", StringComparison.Ordinal) || fields[0].Length == "cpu".Length)
                continue;
            for (var i = 0; i < Modes.Length && i + 1 < fields.Length; i++)
            {
                if (long.TryParse(fields[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks))
                    yield return new Measurement<double>(
                        ticks / TicksPerSecond, new("cpu", fields[0]["cpu".Length..]), new KeyValuePair<string, object?>("mode", Modes[i]));
            }
        }
    }

    private static IEnumerable<Measurement<long>> Memory(IEnumerable<string> lines, string field)
    {
        foreach (var line in lines)
        {
            if (line.StartsWith($"{field}:", StringComparison.Ordinal)
                && line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var kibibytes, ..]
                && long.TryParse(kibibytes, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            {
                yield return new Measurement<long>(value * 1024);
            }
        }
    }

    private static string[] Lines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
