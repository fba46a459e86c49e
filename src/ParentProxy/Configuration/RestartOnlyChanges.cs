using Microsoft.Extensions.Configuration;

namespace ParentProxy.Configuration;

/// <summary>Tells what of a new configuration takes effect at the next start only.</summary>
internal static class RestartOnlyChanges
{
    /// <summary>The paths that changed and need a restart.</summary>
    public static IReadOnlyList<string> Between(ProxyOptions old, ProxyOptions next)
    {
        var paths = new List<string>();
        if (old.Admin.Url != next.Admin.Url)
            paths.Add($"{nameof(ProxyOptions.Admin)}:{nameof(AdminOptions.Url)}");
        if (!old.Admin.AllowedHosts.SequenceEqual(next.Admin.AllowedHosts))
            paths.Add($"{nameof(ProxyOptions.Admin)}:{nameof(AdminOptions.AllowedHosts)}");
        if (old.Admin.MetricsUrl != next.Admin.MetricsUrl)
            paths.Add($"{nameof(ProxyOptions.Admin)}:{nameof(AdminOptions.MetricsUrl)}");
        if (old.Admin.EnclaveMetricsPath != next.Admin.EnclaveMetricsPath)
            paths.Add($"{nameof(ProxyOptions.Admin)}:{nameof(AdminOptions.EnclaveMetricsPath)}");
        if (old.Admin.EnclaveMetricsPort != next.Admin.EnclaveMetricsPort)
            paths.Add($"{nameof(ProxyOptions.Admin)}:{nameof(AdminOptions.EnclaveMetricsPort)}");
        if (old.Vsock != next.Vsock)
            paths.Add(nameof(ProxyOptions.Vsock));
        if (old.Log.Format != next.Log.Format)
            paths.Add($"{nameof(ProxyOptions.Log)}:{nameof(LogOptions.Format)}");
        paths.AddRange(Changed(old.Sections, next.Sections));
        return paths;
    }

    private static IEnumerable<string> Changed(IConfiguration old, IConfiguration next)
    {
        var before = Flatten(old);
        var after = Flatten(next);
        return before.Keys.Union(after.Keys, StringComparer.OrdinalIgnoreCase)
            .Where(path => before.GetValueOrDefault(path) != after.GetValueOrDefault(path))
            .Order(StringComparer.OrdinalIgnoreCase);
    }

    // Levels follow a reload, alone of what is in these sections.
    private static Dictionary<string, string?> Flatten(IConfiguration sections) =>
        sections.AsEnumerable()
            .Where(pair => pair.Value is not null
                && !pair.Key.StartsWith($"{Names.Serilog}:MinimumLevel", StringComparison.OrdinalIgnoreCase))
            .ToDictionary(StringComparer.OrdinalIgnoreCase);
}
