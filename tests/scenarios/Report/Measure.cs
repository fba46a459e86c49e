using System.Globalization;

namespace ParentProxy.Scenarios.Report;

/// <summary>A figure in which fronts are compared; less is better.</summary>
/// <param name="Text">What it is.</param>
/// <param name="Of">Takes it from a run.</param>
/// <param name="Tolerance">What is no difference.</param>
/// <param name="Format">How it is shown.</param>
/// <param name="IsTimed">Whether it is about how long something took.</param>
internal sealed record Measure(string Text, Func<Figures, double> Of, double Tolerance, string Format, bool IsTimed = false)
{
    /// <summary>GETs that failed.</summary>
    public static Measure FailedGets { get; } = new("failed GETs", f => f.FailedGets, 0, "0");

    /// <summary>POSTs that failed and could have been kept.</summary>
    public static Measure LostPosts { get; } = new("failed POSTs that were not sent already", f => f.LostPosts, 0, "0");

    /// <summary>POSTs that were read twice.</summary>
    public static Measure Duplicates { get; } = new("POSTs read twice", f => f.Duplicates, 0, "0");

    /// <summary>Seconds until clients notice nothing any more.</summary>
    public static Measure Recovery { get; } = new("time to recovery", f => f.RecoveredAfter.TotalSeconds, 1, "0.00 's'", IsTimed: true);

    /// <summary>All.</summary>
    public static IReadOnlyList<Measure> All { get; } = [FailedGets, LostPosts, Duplicates, Recovery];

    /// <summary>Ours beside a peer's.</summary>
    public Bar Compare(Figures ours, Figures peer)
    {
        double mine = Of(ours), theirs = Of(peer);
        var bar = Bar.Of(
            $"{Text}: not worse than {peer.Front}",
            mine <= theirs + Tolerance,
            $"{mine.ToString(Format, CultureInfo.InvariantCulture)}, {peer.Front} {theirs.ToString(Format, CultureInfo.InvariantCulture)}");
        return bar with { IsTimed = IsTimed };
    }
}
