using ParentProxy.Admin.StatusPage;
using ParentProxy.Configuration;

namespace ParentProxy.Commands.Check;

/// <summary>Section <c>Egress</c> in words, for a terminal.</summary>
internal static class EgressSummary
{
    /// <summary>What a listener does with its connections.</summary>
    public static string Purpose(EgressListenerOptions listener) => "egress, " + listener switch
    {
        EgressForwardOptions forward => $"to {forward.To}",
        EgressConnectOptions => "HTTP proxy",
        EgressDnsOptions => "names",
        EgressLogsOptions => "log lines of enclaves",
        EgressFileOptions file => $"file {file.Path} for {For(file.Cids, file.Enclaves)}",
        _ => "clock",
    };

    /// <summary>Who is taken to connect to a unix socket; empty for vsock.</summary>
    public static string Peer(EgressListenerOptions listener) => listener.Peer switch
    {
        null => "",
        { Enclave: { } enclave, Cid: { } cid } => $"as {enclave} (CID {cid})",
        var peer => $"as {peer.Enclave ?? $"CID {peer.Cid}"}",
    };

    /// <summary>A row for each rule, and one for the whole of the allowlist file.</summary>
    public static IEnumerable<IReadOnlyList<string>> Rules(EgressOptions egress)
    {
        foreach (var (word, rules) in new[] { ("refused", egress.Deny), ("allowed", egress.WithoutFile().Allow) })
        {
            foreach (var rule in rules)
                yield return [rule.Location, word, For(rule.Cids, rule.Enclaves), string.Join(", ", rule.Hosts)];
        }

        if (egress.AllowlistFile is { } file)
            yield return [
                $"{Names.Egress}:{nameof(EgressOptions.AllowlistFile)}", "allowed", For(null, null),
                $"{egress.Allow.Count(rule => rule.IsOfFile)} of {file}"];
    }

    /// <summary>The settings that the other methods tell of, with those that are at their default.</summary>
    public static IEnumerable<Setting> Settings(ProxyOptions options)
    {
        var egress = options.Egress;
        return EffectiveSettings.Of(options with
        {
            Egress = new EgressOptions
            {
                Allow = egress.Allow,
                Deny = egress.Deny,
                AllowlistFile = egress.AllowlistFile,
                Forwards = egress.Forwards,
                Connect = egress.Connect,
                Dns = egress.Dns is { } dns ? new EgressDnsOptions { Listen = dns.Listen, Peer = dns.Peer } : null,
                Logs = egress.Logs is { } logs ? new EgressLogsOptions { Listen = logs.Listen, Peer = logs.Peer } : null,
                Time = egress.Time,
                Files = egress.Files,
            },
        }).Where(setting => setting.Section == Names.Egress);
    }

    private static string For(IReadOnlyList<uint>? cids, IReadOnlyList<string>? enclaves) => (cids, enclaves) switch
    {
        (null, null) => "every enclave",
        ({ } some, null) => $"CID {string.Join(", ", some)}",
        (null, { } some) => string.Join(", ", some),
        ({ } some, { } names) => $"{string.Join(", ", names)} at CID {string.Join(", ", some)}",
    };
}
