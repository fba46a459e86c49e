using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>Section <c>Limits</c>: what a public listener takes at most.</summary>
internal sealed record LimitOptions
{
    /// <summary>Connections per public listener, over which a new one is closed at once.</summary>
    public int MaxConnections { get; init; } = 10000;

    /// <summary>Bytes of a request body, over which it is answered 413; no limit when null.</summary>
    public long? MaxRequestBodyBytes { get; init; }

    public static LimitOptions Read(SectionReader section)
    {
        var defaults = new LimitOptions();
        return new LimitOptions
        {
            MaxConnections = section.Number(defaults.MaxConnections, 1, int.MaxValue),
            MaxRequestBodyBytes = section.OptionalNumber(defaults.MaxRequestBodyBytes, 0, long.MaxValue),
        };
    }
}
