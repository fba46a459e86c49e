using ParentProxy.Admin.StatusPage;
using ParentProxy.Commands.Listeners;
using ParentProxy.Configuration;
using ParentProxy.Html;

namespace ParentProxy.Commands.Check;

/// <summary>A configuration in words, for a terminal.</summary>
internal static class ConfigurationSummary
{
    /// <summary>Every mistake, and what is likely not meant beside.</summary>
    public static string Mistakes<TOptions>(ConfigurationResult<TOptions> result)
        where TOptions : class
    {
        if (result.IsForbidden)
            return string.Join('\n', result.Problems.Select(problem => $"parent-proxy: {problem}"));
        var lines = result.Problems.Select(p => $"  {p}").Concat(result.Warnings.Select(w => $"  Warning: {w}"));
        var count = result.Problems.Count;
        var mistakes = Words.Plural(count, "mistake", "mistakes");
        return $"parent-proxy: the configuration ({result.Files ?? "no file"}) has {count} {mistakes}:\n{string.Join('\n', lines)}";
    }

    /// <summary>
    /// What a configuration without a mistake comes to: listeners, what is behind them, limits, and what else is not at its default.
    /// </summary>
    public static IEnumerable<string> Lines(CheckedFile file, ProxyOptions options)
    {
        var origins = new ValueOrigins(file.Loaded.Tree);
        var egress = EgressSummary.Settings(options).ToHashSet();
        var settings = EffectiveSettings.Of(options)
            .Where(setting => !setting.IsDefault
                && setting.Section is not (Names.Enclaves or nameof(ProxyOptions.Passthrough))
                && !IsLimit(setting)
                && !egress.Contains(setting))
            .Select(setting => Row(setting, origins));
        return
        [
            $"The configuration ({file.Loaded.Files ?? "no file"}) has no mistakes.",
            .. file.Unread is { } unread ? [Unread(unread)] : Array.Empty<string>(),
            .. file.Warnings.Select(warning => $"  Warning: {warning}"),
            .. Part("Listeners", file.Places.Select(Listener)),
            .. options.Passthrough.SelectMany(listener => Part($"Passthrough {listener.Listen}", Passthrough(listener, options))),
            .. Part("Egress", EgressSummary.Rules(options.Egress)),
            .. Part("Enclaves", Enclaves(options, origins)),
            .. Part("Routes", Routes(options)),
            .. Part("Limits and time-outs", EffectiveSettings.Of(options).Where(IsLimit).Select(setting => Row(setting, origins))),
            .. Part("Other settings that differ from the default", settings),
        ];
    }

    /// <summary>Says that variables of the service do not take part.</summary>
    public static string Unread(string file) =>
        $"  {file} is left out, as this is not the service's configuration; --environment-file {file} reads it.";

    /// <summary>The path of a setting.</summary>
    public static string Path(Setting setting) => setting.Key.Length > 0 ? $"{setting.Section}:{setting.Key}" : setting.Section;

    private static bool IsLimit(Setting setting) =>
        setting.Section is nameof(ProxyOptions.Limits) or nameof(ProxyOptions.Timeouts)
        || (setting.Section == nameof(ProxyOptions.Routing)
            && (setting.Key.StartsWith("Max", StringComparison.Ordinal) || setting.Key == nameof(RoutingOptions.QueueTimeout)));

    private static IReadOnlyList<string> Row(Setting setting, ValueOrigins origins)
    {
        var path = Path(setting);
        return [path, setting.Value ?? "not set", origins.Of(path)];
    }

    private static IReadOnlyList<string> Listener(PlaceReport report)
    {
        var place = report.Place;
        var setting = place.Setting == Names.Egress ? "" : $" ({place.Setting})";
        return [place.Text, $"{place.Purpose}{setting}", place.Peer, report.Summary];
    }

    private static IEnumerable<IReadOnlyList<string>> Routes(ProxyOptions options)
    {
        foreach (var route in options.ReverseProxy.Routes.OrderBy(route => route.Order ?? 0))
        {
            string[] match =
            [
                .. route.Match.Hosts ?? [],
                .. route.Match.Methods ?? [],
                .. route.Match.Path is { } path ? [path] : Array.Empty<string>(),
                .. route.Match.Headers is { Count: > 0 } ? new[] { "by its header" } : [],
                .. route.Match.QueryParameters is { Count: > 0 } ? new[] { "by its query" } : [],
            ];
            yield return [route.RouteId, string.Join(' ', match), $"cluster {route.ClusterId}"];
        }

        if (options.ReverseProxy.Routes.Count > 0 && (options.Enclaves.Count > 0 || options.Discovery.Enabled))
            yield return ["", "everything else", "Enclaves"];
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

    private static IEnumerable<IReadOnlyList<string>> Enclaves(ProxyOptions options, ValueOrigins origins)
    {
        foreach (var enclave in options.Enclaves)
        {
            yield return [enclave.Id, enclave.Name, string.Join(", ", Place(enclave)), origins.Say(enclave.Id)];
        }

        foreach (var (cluster, members) in ClusterMembers.OfAll(
            options.ReverseProxy, [.. options.Enclaves.Select(enclave => (enclave.Id, enclave.Name))]))
        {
            foreach (var (id, endpoint) in members)
                yield return [id, $"{Names.ReverseProxy}:Clusters:{cluster}", endpoint?.ToString() ?? ""];
        }

        if (options.Discovery.Enabled)
            yield return ["discovery", options.Discovery.EnclaveName, $"port {options.Discovery.Port}, by {options.Discovery.NitroCli}"];
    }

    /// <summary>Where an enclave is, and what of its share is not as usual.</summary>
    private static IEnumerable<string> Place(EnclaveOptions enclave)
    {
        yield return enclave.Endpoint.ToString();
        if (enclave.Weight != 1)
            yield return $"weight {enclave.Weight}";
        if (enclave.State == EnclaveMode.Drain)
            yield return "drained";
        if (enclave.Backup)
            yield return "backup";
    }

    /// <summary>A heading, and the rows below it in columns; nothing without rows.</summary>
    private static IEnumerable<string> Part(string heading, IEnumerable<IReadOnlyList<string>> rows)
    {
        var lines = TextTable.Lines(rows).ToList();
        return lines.Count == 0 ? [] : ["", heading, .. lines];
    }
}
