using ParentProxy.Admin.StatusPage;
using ParentProxy.Configuration;
using ParentProxy.Html;

namespace ParentProxy.Commands;

/// <summary>A configuration in words, for a terminal.</summary>
internal static class ConfigurationSummary
{
    /// <summary>Every mistake, and what is likely not meant beside.</summary>
    public static string Mistakes<TOptions>(ConfigurationResult<TOptions> result)
        where TOptions : class
    {
        var lines = result.Problems.Select(p => $"  {p}").Concat(result.Warnings.Select(w => $"  Warning: {w}"));
        var count = result.Problems.Count;
        var mistakes = Words.Plural(count, "mistake", "mistakes");
        return $"parent-proxy: the configuration ({result.File ?? "no file"}) has {count} {mistakes}:\n{string.Join('\n', lines)}";
    }

    /// <summary>What a configuration without a mistake comes to: listeners, what is behind them, and what is not at its default.</summary>
    public static IEnumerable<string> Lines(ConfigurationResult<ProxyOptions> result, ProxyOptions options)
    {
        var warnings = result.Warnings.Select(warning => $"  Warning: {warning}");
        var egress = EgressSummary.Settings(options).ToHashSet();
        var settings = EffectiveSettings.Of(options)
            .Where(setting => !setting.IsDefault
                && setting.Section is not (Names.Enclaves or nameof(ProxyOptions.Passthrough))
                && !egress.Contains(setting))
            .Select(setting => (IReadOnlyList<string>)[Path(setting), setting.Value ?? "not set"]);
        return
        [
            $"The configuration ({result.File ?? "no file"}) has no mistakes.",
            .. warnings,
            .. Part("Listeners", Listeners(options)),
            .. options.Passthrough.SelectMany(listener => Part($"Passthrough {listener.Listen}", Passthrough(listener, options))),
            .. Part("Egress", EgressSummary.Rules(options.Egress)),
            .. Part("Enclaves", Enclaves(options)),
            .. Part("Other settings that differ from the default", settings),
        ];
    }

    private static IEnumerable<IReadOnlyList<string>> Listeners(ProxyOptions options)
    {
        foreach (var endpoint in options.Sections.GetSection($"{Names.Kestrel}:Endpoints").GetChildren())
            yield return [endpoint["Url"] ?? "", $"HTTP ({Names.Kestrel}:Endpoints:{endpoint.Key})"];
        foreach (var listener in options.Passthrough)
            yield return [listener.Listen.Text, "passthrough"];
        foreach (var listener in options.Egress.Listeners)
            yield return [listener.Listen.Text, EgressSummary.Purpose(listener), EgressSummary.Peer(listener)];
        yield return [options.Admin.Url, "status page, health and metrics (Admin:Url)"];
        if (options.Admin.MetricsUrl is { } metrics)
            yield return [metrics, "metrics (Admin:MetricsUrl)"];
    }

    private static IEnumerable<IReadOnlyList<string>> Passthrough(PassthroughOptions listener, ProxyOptions options)
    {
        foreach (var (name, target) in listener.Sni)
            yield return [name, .. Target(target, listener.Port, options)];
        yield return [listener.Sni.Count > 0 ? "any other name, or none" : "all", .. Target(listener.To, listener.Port, options)];

        var plain = Settings(
            new PassthroughOptions { Listen = listener.Listen, To = listener.To, Port = listener.Port, Sni = listener.Sni }, options);
        foreach (var (key, value) in Settings(listener, options))
        {
            if (plain.GetValueOrDefault(key) != value)
                yield return [key, value ?? "not set"];
        }
    }

    /// <summary>All settings of a listener, by key.</summary>
    private static Dictionary<string, string?> Settings(PassthroughOptions listener, ProxyOptions options) =>
        EffectiveSettings.Of(options with { Passthrough = [listener] })
            .Where(setting => setting.Section == nameof(ProxyOptions.Passthrough))
            .ToDictionary(setting => setting.Key[(setting.Key.IndexOf(':', StringComparison.Ordinal) + 1)..], setting => setting.Value);

    private static IEnumerable<string> Target(PassthroughTarget? target, uint? port, ProxyOptions options)
    {
        if (target is null)
            return ["closed"];
        if (target.Pattern is null)
            return [target.Text];
        var members = options.Enclaves
            .Where(enclave => target.Matches(enclave.Id, enclave.Name))
            .Select(enclave => (port is { } other ? enclave.Endpoint.WithPort(other) : enclave.Endpoint).ToString())
            .ToList();
        if (options.Discovery.Enabled)
            members.Add(members.Count > 0 ? "and what discovery finds" : "what discovery finds");
        return [target.Text, string.Join(", ", members)];
    }

    private static IEnumerable<IReadOnlyList<string>> Enclaves(ProxyOptions options)
    {
        foreach (var enclave in options.Enclaves)
            yield return [enclave.Id, enclave.Name, enclave.Endpoint.ToString(), Share(enclave)];
        foreach (var (cluster, members) in ClusterMembers.OfAll(
            options.ReverseProxy, [.. options.Enclaves.Select(enclave => (enclave.Id, enclave.Name))]))
        {
            foreach (var (id, endpoint) in members)
                yield return [id, $"{Names.ReverseProxy}:Clusters:{cluster}", endpoint?.ToString() ?? ""];
        }

        if (options.Discovery.Enabled)
            yield return ["discovery", options.Discovery.EnclaveName, $"port {options.Discovery.Port}, by {options.Discovery.NitroCli}"];
    }

    private static string Share(EnclaveOptions enclave) => string.Join(", ", new[]
    {
        enclave.Weight == 1 ? null : $"weight {enclave.Weight}",
        enclave.State == EnclaveMode.Drain ? "drained" : null,
        enclave.Backup ? "backup" : null,
    }.OfType<string>());

    private static string Path(Setting setting) => setting.Key.Length > 0 ? $"{setting.Section}:{setting.Key}" : setting.Section;

    /// <summary>A heading, and the rows below it in columns; nothing without rows.</summary>
    private static IEnumerable<string> Part(string heading, IEnumerable<IReadOnlyList<string>> rows)
    {
        var all = rows.ToList();
        if (all.Count == 0)
            yield break;
        yield return "";
        yield return heading;
        var columns = all.Max(row => row.Count);
        var widths = Enumerable.Range(0, columns).Select(column => all.Max(row => row.ElementAtOrDefault(column)?.Length ?? 0)).ToList();
        foreach (var row in all)
            yield return ("  " + string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column])))).TrimEnd();
    }
}
