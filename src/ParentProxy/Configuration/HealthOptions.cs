using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>Section <c>Health</c>: how enclaves are probed, and from when on the whole counts as healthy.</summary>
internal sealed record HealthOptions
{
    /// <summary>The raw path that the public listener answers itself.</summary>
    public string Path { get; init; } = "/health";

    /// <summary>Whether the public listener answers <see cref="Path"/> at all.</summary>
    public bool Public { get; init; } = true;

    /// <summary>Healthy enclaves below which the whole is unhealthy.</summary>
    public int MinHealthy { get; init; } = 1;

    /// <summary>How enclaves are probed.</summary>
    public ProbeOptions Probe { get; init; } = new();

    public static HealthOptions Read(SectionReader section)
    {
        var defaults = new HealthOptions();
        return new HealthOptions
        {
            Path = section.Value(defaults.Path, text => Values.RequestPath(text, query: false)),
            Public = section.Bool(defaults.Public),
            MinHealthy = section.Number(defaults.MinHealthy, 0, int.MaxValue),
            Probe = section.Section(nameof(Probe), ProbeOptions.Read),
        };
    }
}
