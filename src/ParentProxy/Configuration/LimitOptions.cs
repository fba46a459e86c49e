using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>Section <c>Limits</c>: what a public listener takes at most.</summary>
internal sealed record LimitOptions
{
    /// <summary>Connections per public listener, over which a new one is closed at once.</summary>
    public int MaxConnections { get; init; } = 10000;

    /// <summary>Bytes of a request body, over which it is answered 413; no limit when null.</summary>
    public long? MaxRequestBodyBytes { get; init; }

    /// <summary>
    /// How many requests for a path are let through, over which they are answered 429. An enclave's security module signs some
    /// documents a second for everybody, and whoever reaches the port may ask for one.
    /// </summary>
    public IReadOnlyList<RateLimitOptions> RateLimits { get; init; } =
    [
        new() { Path = AttestationOptions.DefaultPath, PerClient = 5, PerClientBurst = 10, Total = 50, TotalBurst = 100 },
    ];

    public static LimitOptions Read(SectionReader section)
    {
        var defaults = new LimitOptions();
        var options = new LimitOptions
        {
            MaxConnections = section.Number(defaults.MaxConnections, 1, int.MaxValue),
            MaxRequestBodyBytes = section.OptionalNumber(defaults.MaxRequestBodyBytes, 0, long.MaxValue),
            RateLimits = section.ListOfSections(defaults.RateLimits, RateLimitOptions.Read),
        };
        CheckPaths(section);
        return options;
    }

    /// <summary>Of two rules for a path nobody could say which one holds.</summary>
    private static void CheckPaths(SectionReader section)
    {
        var seen = new Dictionary<(string, bool), string>();
        foreach (var entry in section.Ask(nameof(RateLimits)).Children)
        {
            var path = entry.Child(nameof(RateLimitOptions.Path));
            if (path.Value is not { } text || RateLimitPath.Parse(text).Reason is not null)
                continue;
            var (normal, isPrefix) = RateLimitPath.Of(text);
            var key = (normal.ToUpperInvariant(), isPrefix);
            if (!seen.TryAdd(key, path.Location))
                section.Report.Problem(path.Location, $"{Quoted.Text(text)} is the path of {seen[key]}, too; keep one of them");
        }
    }
}
