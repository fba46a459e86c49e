using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace ParentProxy.Fuzz;

/// <summary>Counts what one target came to.</summary>
internal sealed partial class Figures
{
    private const int ReasonsShown = 40;

    private readonly Dictionary<Ending, long> _endings = [];
    private readonly Dictionary<string, long> _reasons = [];
    private readonly Stopwatch _running = new();
    private long _inputs;
    private long _bytes;
    private long _responses;

    /// <summary>Runs a case and counts it.</summary>
    public void Count<TCase>(IFuzzTarget<TCase> target, TCase fuzzCase)
        where TCase : IFuzzCase
    {
        _running.Start();
        var outcome = target.Run(fuzzCase);
        _running.Stop();
        _inputs++;
        _bytes += fuzzCase.Length;
        _responses += outcome.Ends.Count;
        _endings[outcome.Ending] = _endings.GetValueOrDefault(outcome.Ending) + 1;
        if (outcome.Reason is { } reason)
        {
            reason = Digits().Replace(reason, "N");
            _reasons[reason] = _reasons.GetValueOrDefault(reason) + 1;
        }
    }

    /// <summary>Writes them.</summary>
    public void Write(string name, TextWriter to)
    {
        to.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}: {_inputs} inputs of {_bytes / Math.Max(1, _inputs)} bytes on average, "
                + $"{(_responses > 0 ? $"{_responses} complete responses, " : "")}"
                + $"{_inputs / Math.Max(0.001, _running.Elapsed.TotalSeconds):F0} executions/s (each in all its ways)"));
        foreach (var (ending, count) in _endings.OrderBy(e => e.Key))
            to.WriteLine($"{count,12} {(ending == Ending.Complete ? "accepted" : ending.ToString().ToLowerInvariant())}");
        foreach (var (reason, count) in _reasons.OrderByDescending(r => r.Value).Take(ReasonsShown))
            to.WriteLine($"{count,16} {reason}");
    }

    [GeneratedRegex("(?<=[ (])[0-9]+(?![0-9x])|(?<=0x)[0-9A-F]{2}")]
    private static partial Regex Digits();
}
