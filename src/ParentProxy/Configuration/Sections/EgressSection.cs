using System.Net;
using ParentProxy.Configuration.Reading;
using ParentProxy.Configuration.Sources;
using ParentProxy.Endpoints;

namespace ParentProxy.Configuration.Sections;

/// <summary>Section <c>Egress</c>: rules, and the listeners to which enclaves connect.</summary>
/// <param name="enclaves">The entries of <c>Enclaves</c>.</param>
/// <param name="discovers">Whether discovery may bring further ones, of any name.</param>
internal sealed class EgressSection(IReadOnlyList<EnclaveEntry> enclaves, bool discovers)
{
    private const string Any = "any";
    private const string System = "system";
    private const string EgressHosts = "egress-hosts";
    private const ushort DnsPort = 53;

    private readonly List<(string Location, EgressListenerOptions Options)> _listeners = [];
    private readonly List<(string Location, string Pattern)> _patterns = [];

    /// <summary>The unix sockets, for the look at addresses that are used twice; those of vsock are compared here.</summary>
    public IEnumerable<Listener> UnixListeners => _listeners
        .Where(listener => listener.Options.Listen.SocketPath is not null)
        .Select(listener => new Listener(listener.Location, new ListenerAddress("unix", [], 0, listener.Options.Listen.SocketPath)));

    /// <summary>Reads the section, and the allowlist file that it names.</summary>
    public EgressOptions Read(SectionReader section)
    {
        var defaults = new EgressOptions();
        var problems = section.Report.Problems.Count;
        var allow = section.ListOfSections(nameof(EgressOptions.Allow), rule => ReadRule(rule, nameof(EgressOptions.Allow)));
        var file = section.Optional(defaults.AllowlistFile, Values.OptionalFilePath);
        if (file is not null)
            allow = [.. allow, .. AllowlistFile.Read(file, section.Ask(nameof(EgressOptions.AllowlistFile)).Location, section.Report)];
        var areRead = section.Report.Problems.Count == problems;
        var options = new EgressOptions
        {
            Allow = allow,
            AllowlistFile = file,
            Deny = section.ListOfSections(nameof(EgressOptions.Deny), rule => ReadRule(rule, nameof(EgressOptions.Deny))),
            DenyPrivateNetworks = section.Bool(defaults.DenyPrivateNetworks),
            Forwards = [.. section.ListOfSections(nameof(EgressOptions.Forwards), forward => ReadForward(forward, areRead ? allow : null))
                .OfType<EgressForwardOptions>()],
            Connect = section.Section(nameof(EgressOptions.Connect), ReadConnect),
            Dns = section.Section(nameof(EgressOptions.Dns), ReadDns),
            Logs = section.Section(nameof(EgressOptions.Logs), ReadLogs),
            Time = section.Section(nameof(EgressOptions.Time), ReadTime),
            Files = [.. section.ListOfSections(nameof(EgressOptions.Files), ReadFile).OfType<EgressFileOptions>()],
            ConnectTimeout = section.Duration(defaults.ConnectTimeout),
            RequestTimeout = section.Duration(defaults.RequestTimeout),
            IdleTimeout = section.Duration(defaults.IdleTimeout),
            HalfCloseTimeout = section.Duration(defaults.HalfCloseTimeout),
            MaxConnections = section.Number(defaults.MaxConnections, 1, int.MaxValue),
            MaxConnectionsPerEnclave = section.Number(defaults.MaxConnectionsPerEnclave, 1, int.MaxValue),
        };
        CheckTwins(section.Report);
        CheckPatterns(section.Report);
        if (options.MaxConnectionsPerEnclave >= options.MaxConnections)
            section.Report.Warning(
                section.Ask(nameof(EgressOptions.MaxConnectionsPerEnclave)).Location,
                $"{options.MaxConnectionsPerEnclave} is not below {nameof(EgressOptions.MaxConnections)}, which is "
                    + $"{options.MaxConnections}: one enclave alone can keep the others out of a listener");
        if (areRead && allow.Count == 0 && (options.Connect is not null || options.Dns is { Allow: null }))
            section.Report.Warning(
                section.Ask(nameof(EgressOptions.Allow)).Location, "is empty: whatever an enclave asks for will be refused");
        return options;
    }

    private static IReadOnlyList<uint>? ReadCids(SectionReader section)
    {
        const string key = nameof(EgressRuleOptions.Cids);
        if (section.Ask(key) is not { Shape: not NodeShape.Value } node)
            return section.Value(
                null,
                text => text.Length == 0 || text.Equals(Any, StringComparison.OrdinalIgnoreCase)
                    ? new Parsed<IReadOnlyList<uint>?>(null, null)
                    : new Mistake($"{Quoted.Text(text)} is neither a list of CIDs, like [16], nor {Any}"),
                key);
        return NotEmpty(section, node, section.List<uint>([], ParseCid, key), "it would hold for no enclave; leave it out for all");
    }

    private static Parsed<uint> ParseCid(string text)
    {
        var (cid, reason) = Values.Number(text, 0u, uint.MaxValue);
        reason ??= EnclaveEndpoint.CheckCid(cid);
        return reason is null ? cid : new Mistake(reason);
    }

    private static IReadOnlyList<T>? NotEmpty<T>(SectionReader section, ConfigurationNode node, IReadOnlyList<T> list, string reason)
    {
        if (node.Value is { Length: 0 } || (node.CouldBeList && node.Children.Count == 0))
            section.Report.Problem(node.Location, $"is empty: {reason}");
        return node.IsSet ? list : null;
    }

    private IReadOnlyList<string>? ReadEnclaves(SectionReader section)
    {
        const string key = nameof(EgressRuleOptions.Enclaves);
        var node = section.Ask(key);
        _patterns.AddRange(node.Children.Where(child => child.Value is { Length: > 0 }).Select(child => (child.Location, child.Value!)));
        return NotEmpty(
            section, node, section.List<string>([], Values.Label, key), "it would hold for no enclave; leave it out for all");
    }

    private EgressRuleOptions ReadRule(SectionReader section, string list)
    {
        const string key = nameof(EgressRuleOptions.Hosts);
        var node = section.Ask(key);
        if (!node.IsSet)
            section.Report.Problem(node.Location, "is missing: what the rule is about, like [ \"api.example.com:443\" ]");
        return new EgressRuleOptions(
            $"{Names.Egress}:{list}:{section.Key}",
            ReadCids(section),
            ReadEnclaves(section),
            NotEmpty(section, node, section.List([], EgressHostPattern.Parse, key), "the rule names nothing") ?? []);
    }

    private EgressForwardOptions? ReadForward(SectionReader section, IReadOnlyList<EgressRuleOptions>? allow)
    {
        const string key = nameof(EgressForwardOptions.To);
        var (listen, peer) = ReadListener(section, isRequired: true);
        if (!section.TryRequired(key, ParseDestination, out var to))
            return null;
        if (allow is not null && !allow.Any(rule => rule.Hosts.Any(host => host.Matches(to))))
            section.Report.Problem(
                section.Ask(key).Location,
                $"no rule of {Names.Egress}:{nameof(EgressOptions.Allow)} names {to}, so that every connection would be refused; "
                    + $"add {{ \"Hosts\": [ \"{to}\" ] }}");
        return listen is null ? null : Add(section, new EgressForwardOptions { Listen = listen, Peer = peer, To = to });
    }

    private EgressConnectOptions? ReadConnect(SectionReader section) => ReadListener(section) is ({ } listen, var peer)
        ? Add(section, new EgressConnectOptions { Listen = listen, Peer = peer })
        : null;

    private EgressTimeOptions? ReadTime(SectionReader section) => ReadListener(section) is ({ } listen, var peer)
        ? Add(section, new EgressTimeOptions { Listen = listen, Peer = peer })
        : null;

    private EgressLogsOptions? ReadLogs(SectionReader section)
    {
        var (listen, peer) = ReadListener(section);
        var options = new EgressLogsOptions { Listen = listen!, Peer = peer };
        options = options with
        {
            MaxLineBytes = section.Number(options.MaxLineBytes, 256, 1024 * 1024),
            LinesPerSecond = section.Number(options.LinesPerSecond, 1, 1_000_000),
        };
        return listen is null ? null : Add(section, options);
    }

    private EgressDnsOptions? ReadDns(SectionReader section)
    {
        var (listen, peer) = ReadListener(section);
        var options = new EgressDnsOptions { Listen = listen!, Peer = peer };
        options = options with
        {
            Upstreams = ReadUpstreams(section),
            Allow = ReadNames(section),
            CacheEntries = section.Number(options.CacheEntries, 0, 10_000_000),
        };
        return listen is null ? null : Add(section, options);
    }

    private EgressFileOptions? ReadFile(SectionReader section)
    {
        var (listen, peer) = ReadListener(section, isRequired: true);
        var hasPath = section.TryRequired(nameof(EgressFileOptions.Path), Values.FilePath, out var path);
        var (cids, names) = (ReadCids(section), ReadEnclaves(section));
        return listen is null || !hasPath
            ? null
            : Add(section, new EgressFileOptions { Listen = listen, Peer = peer, Path = path!, Cids = cids, Enclaves = names });
    }

    private static List<IPEndPoint>? ReadUpstreams(SectionReader section)
    {
        const string key = nameof(EgressDnsOptions.Upstreams);
        var node = section.Ask(key);
        var upstreams = NotEmpty(
            section, node, section.List<IPEndPoint?>([], ParseUpstream, key), $"nobody would be asked; write [ \"{System}\" ]") ?? [];
        if (upstreams.Count > 1 && upstreams.Contains(null))
            section.Report.Problem(node.Location, $"holds {System} beside an address; write either");
        var addresses = upstreams.OfType<IPEndPoint>().ToList();
        return addresses.Count > 0 ? addresses : null;
    }

    private static IReadOnlyList<EgressHostPattern>? ReadNames(SectionReader section)
    {
        const string key = nameof(EgressDnsOptions.Allow);
        var node = section.Ask(key);
        if (node.Shape == NodeShape.Value)
            return section.Value(null, ParseAllow, key);
        return NotEmpty(
            section, node, section.List([], EgressHostPattern.ParseName, key), $"no name would be answered; write {EgressHosts}");
    }

    private static Parsed<IReadOnlyList<EgressHostPattern>?> ParseAllow(string text)
    {
        if (text.Length == 0 || text.Equals(EgressHosts, StringComparison.OrdinalIgnoreCase))
            return new Parsed<IReadOnlyList<EgressHostPattern>?>(null, null);
        return text.Equals(Any, StringComparison.OrdinalIgnoreCase)
            ? new Parsed<IReadOnlyList<EgressHostPattern>?>([EgressHostPattern.ParseName(EgressHostPattern.AnyName).Value], null)
            : new Mistake($"{Quoted.Text(text)} is none of {EgressHosts}, {Any} and a list of names, like [ \"*.example.com\" ]");
    }

    private static Parsed<IPEndPoint?> ParseUpstream(string text)
    {
        if (text.Equals(System, StringComparison.OrdinalIgnoreCase))
            return new Parsed<IPEndPoint?>(null, null);
        if (Values.Network(text) is { Reason: null, Value: var alone } && !text.Contains('/', StringComparison.Ordinal))
            return new IPEndPoint(alone.BaseAddress, DnsPort);
        return Destination.TryParse(text, null, out var destination, out _)
            && destination.Address is { } address
            && text.EndsWith($":{destination.Port}", StringComparison.Ordinal)
            && Values.Network(text[..^$":{destination.Port}".Length].Trim('[', ']')).Reason is null
            ? new IPEndPoint(address, destination.Port)
            : new Mistake(
                $"{Quoted.Text(text)} is neither {System} nor the address of a resolver, like 10.0.0.2, 10.0.0.2:53 or [fd00::2]:53");
    }

    private static Parsed<Destination> ParseDestination(string text) =>
        Destination.TryParse(text, null, out var destination, out var reason)
            ? destination
            : new Mistake($"{Quoted.Text(text)} names no destination, like api.example.com:443: {reason}");

    /// <summary>What every listener has; no address where there is to be none, or a wrong one, which is reported.</summary>
    private static (EgressAddress? Listen, EgressPeerOptions? Peer) ReadListener(SectionReader section, bool isRequired = false)
    {
        const string key = nameof(EgressListenerOptions.Listen);
        var node = section.Ask(key);
        EgressAddress? listen = null;
        if (node.IsSet && (isRequired || node.Value is not { Length: 0 }))
            section.TryValue(null, text => EgressAddress.Parse(text).Select<EgressAddress?>(address => address), out listen, key);
        else if (isRequired || (section.Node.Children.Count > 0 && !section.Node.Children.Contains(node)))
            section.Report.Problem(node.Location, "is missing: where enclaves connect, like vsock://any:8443");

        var peer = section.Section(nameof(EgressListenerOptions.Peer), ReadPeer);
        if (peer is not null && listen is { Port: not null })
            section.Report.Problem(
                section.Ask(nameof(EgressListenerOptions.Peer)).Location,
                "is for unix sockets alone: on vsock the kernel tells which enclave connects");
        return (listen, peer);
    }

    private static EgressPeerOptions? ReadPeer(SectionReader section)
    {
        var cid = section.Optional(null, text => ParseCid(text).Select<uint?>(cid => cid), nameof(EgressPeerOptions.Cid));
        var enclave = section.Optional(
            null, text => Values.Label(text).Select<string?>(name => name), nameof(EgressPeerOptions.Enclave));
        return cid is null && enclave is null ? null : new EgressPeerOptions(cid, enclave);
    }

    private T Add<T>(SectionReader section, T options) where T : EgressListenerOptions
    {
        _listeners.Add((section.Ask(nameof(EgressListenerOptions.Listen)).Location, options));
        return options;
    }

    private void CheckTwins(ConfigurationReport report)
    {
        var ports = new Dictionary<uint, string>();
        foreach (var (location, options) in _listeners)
        {
            if (options.Listen.Port is { } port && !ports.TryAdd(port, location))
                report.Problem(location, $"listens where {ports[port]} does");
        }
    }

    // An enclave that is known by no name is still known by its CID, so that this is no mistake.
    private void CheckPatterns(ConfigurationReport report)
    {
        if (discovers)
            return;
        var peers = _listeners.Select(listener => listener.Options.Peer?.Enclave).OfType<string>().ToList();
        foreach (var (location, pattern) in _patterns)
        {
            if (!enclaves.Any(enclave => enclave.Matches(pattern)) && !peers.Exists(peer => EnclavePattern.Matches(pattern, peer)))
                report.Warning(
                    location,
                    $"{Quoted.Text(pattern)} matches no enclave: no Id or Name in {Names.Enclaves}, "
                        + $"and {nameof(ProxyOptions.Discovery)} is off");
        }
    }
}
