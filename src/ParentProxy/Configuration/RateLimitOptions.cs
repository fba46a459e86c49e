using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>An entry of <c>Limits:RateLimits</c>: how many requests for a path are let through to the enclaves.</summary>
internal sealed record RateLimitOptions
{
    private const int MaxRequests = 1_000_000;

    private static readonly TimeSpan LongestWindow = TimeSpan.FromDays(1);

    /// <summary>The path as it was written; with an asterisk at its end, all that begin so.</summary>
    public required string Path { get; init; }

    /// <summary>The time that the numbers of requests are for.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Requests of one client in each window; null for no limit.</summary>
    public int? PerClient { get; init; }

    /// <summary>Requests of one client at once, after a time without any; null: as <see cref="PerClient"/>.</summary>
    public int? PerClientBurst { get; init; }

    /// <summary>Requests of all clients in each window; null for no limit.</summary>
    public int? Total { get; init; }

    /// <summary>Requests of all clients at once, after a time without any; null: as <see cref="Total"/>.</summary>
    public int? TotalBurst { get; init; }

    /// <summary>Reads an entry; null when it has no path.</summary>
    public static RateLimitOptions? Read(SectionReader section)
    {
        var hasPath = section.TryRequired(nameof(Path), RateLimitPath.Parse, out var path);
        var defaults = new RateLimitOptions { Path = path ?? "" };
        var options = defaults with
        {
            Window = section.Value(
                defaults.Window, text => Values.Duration(text, SectionReader.ShortestDuration, LongestWindow)),
            PerClient = section.OptionalNumber(defaults.PerClient, 1, MaxRequests),
            PerClientBurst = section.OptionalNumber(defaults.PerClientBurst, 1, MaxRequests),
            Total = section.OptionalNumber(defaults.Total, 1, MaxRequests),
            TotalBurst = section.OptionalNumber(defaults.TotalBurst, 1, MaxRequests),
        };
        CheckNumbers(section);
        return hasPath ? options : null;
    }

    private static void CheckNumbers(SectionReader section)
    {
        var perClient = IsSet(nameof(PerClient));
        var total = IsSet(nameof(Total));
        if (!perClient && !total)
            section.Report.Problem(section.Location, $"limits nothing; set {nameof(PerClient)} or {nameof(Total)}, or both");
        CheckBurst(nameof(PerClientBurst), perClient, nameof(PerClient));
        CheckBurst(nameof(TotalBurst), total, nameof(Total));

        bool IsSet(string key) => section.Ask(key) is { IsSet: true, Value: not { Length: 0 } };

        void CheckBurst(string burst, bool hasRate, string rate)
        {
            if (!hasRate && IsSet(burst))
                section.Report.Problem(section.Ask(burst).Location, $"has no effect without {rate}");
        }
    }
}
