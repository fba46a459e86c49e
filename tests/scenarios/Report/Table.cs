using System.Globalization;
using ParentProxy.Scenarios.Load;

namespace ParentProxy.Scenarios.Report;

/// <summary>The table of a scenario: one row per front.</summary>
internal static class Table
{
    private static readonly (string Title, Func<Figures, string> Cell)[] Columns =
    [
        ("front", f => f.Front),
        ("requests", f => Text($"{f.Requests}")),
        ("GETs failed", f => Failures(f, isPost: false)),
        ("POSTs failed", f => Failures(f, isPost: true)),
        ("of these sent", f => Text($"{f.SentPosts}")),
        ("POSTs twice", f => Text($"{f.Duplicates}")),
        ("attempts/request", f => Text($"{(double)f.Attempts / Math.Max(1, f.Requests):F3}")),
        ("p50 ms", f => Text($"{f.Answered.P50.TotalMilliseconds:F1}")),
        ("p99 ms", f => Text($"{f.Answered.P99.TotalMilliseconds:F1}")),
        ("longest GET", f => Text($"{f.LongestGet.TotalSeconds:F2} s")),
        ("recovered after", f => Text($"{f.RecoveredAfter.TotalSeconds:F2} s")),
        ("out after", f => Text($"{f.OutAfter.TotalSeconds:F2} s")),
        ("load late by", f => Text($"{f.Lateness.TotalMilliseconds:F0} ms")),
        ("stolen", f => Text($"{f.Stolen:P0}")),
    ];

    /// <summary>Writes it.</summary>
    public static void Write(IReadOnlyList<Figures> rows, TextWriter to)
    {
        string[][] lines = [[.. Columns.Select(c => c.Title)], .. rows.Select(row => Columns.Select(c => c.Cell(row)).ToArray())];
        var widths = Enumerable.Range(0, Columns.Length).Select(i => lines.Max(line => line[i].Length)).ToArray();
        foreach (var line in lines)
            to.WriteLine("  " + string.Join("  ", line.Select((cell, i) => i == 0 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]))));
    }

    private static string Failures(Figures figures, bool isPost)
    {
        var kinds = figures.FailuresByKind(isPost).ToList();
        return kinds.Count == 0
            ? "0"
            : Text($"{kinds.Sum(k => k.Value)} ({string.Join(", ", kinds.Select(k => Text($"{Name(k.Key)} {k.Value}")))})");
    }

    private static string Name(Outcome outcome) => outcome switch
    {
        Outcome.BadGateway => "502",
        Outcome.Unavailable => "503",
        Outcome.GatewayTimeout => "504",
        Outcome.OtherStatus => "other status",
        _ => outcome.ToString().ToLowerInvariant(),
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
