using System.Globalization;

namespace ParentProxy.Scenarios.Report;

/// <summary>Says what was shown and what was not, and counts.</summary>
internal sealed class Verdicts(TextWriter to)
{
    private int _passed;
    private int _skipped;

    /// <summary>How many bars were missed.</summary>
    public int Failed { get; private set; }

    /// <summary>Takes a bar of a scenario, from these runs: what took too long on a starved machine was not shown to be wrong.</summary>
    public void Add(string scenario, Bar bar, params IEnumerable<Figures> runs)
    {
        if (!bar.Passed && bar.IsTimed && runs.FirstOrDefault(run => run.IsStarved) is { } run)
        {
            Skip(
                scenario,
                $"{bar.Text} ({bar.Measured})",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"with {run.Front} the load came {run.Lateness.TotalMilliseconds:F0} ms late; "
                        + $"other machines had {run.Stolen:P0} of the processor"));
            return;
        }

        if (bar.Passed)
            _passed++;
        else
            Failed++;
        to.WriteLine($"{(bar.Passed ? "ok" : "not ok")} - {scenario}: {bar.Text} ({bar.Measured})");
    }

    /// <summary>Takes something that could not be shown here.</summary>
    public void Skip(string scenario, string what, string reason)
    {
        _skipped++;
        to.WriteLine($"ok - {scenario}: {what} # SKIP {reason}");
    }

    /// <summary>The last line.</summary>
    public void WriteSum() => to.WriteLine($"scenarios: {_passed} passed, {Failed} failed, {_skipped} skipped");
}
