using ParentProxy.Configuration.Reading;
using ParentProxy.Configuration.Sources;
using ParentProxy.Endpoints;

namespace ParentProxy.Configuration.Sections;

/// <summary>All sections, each once; and the rules that span several of them.</summary>
internal static class ConfigurationSchema
{
    private static readonly string[] ListsOfEgress =
        [nameof(EgressOptions.Allow), nameof(EgressOptions.Deny), nameof(EgressOptions.Forwards), nameof(EgressOptions.Files)];

    private static readonly SortedSet<string> AllKeys = AskForKeys();

    /// <summary>The names of our sections, for a source that has to tell what is ours.</summary>
    public static IReadOnlySet<string> SectionNames { get; } =
        new HashSet<string>(
            AllKeys.Where(key => !key.Contains(':', StringComparison.Ordinal)), StringComparer.OrdinalIgnoreCase);

    /// <summary>Every key that there is.</summary>
    public static KnownKeys Keys { get; } = new(AllKeys);

    /// <summary>Reads the merged tree. The result holds only when nothing was reported.</summary>
    public static ProxyOptions Read(ConfigurationNode tree, ConfigurationReport report) =>
        SectionReader.ReadRoot(tree, report, Read);

    private static ProxyOptions Read(SectionReader root)
    {
        foreach (var (name, hint) in ForeignSections.All)
            root.Refuse(name, hint);

        var enclaves = EnclavesSection.Read(root);
        var discovery = root.Section(nameof(ProxyOptions.Discovery), DiscoveryOptions.Read);
        var listeners = root.Section(Names.Kestrel, KestrelSection.Read);
        var log = root.Section(nameof(ProxyOptions.Log), LogOptions.Read);
        var passthrough = root.ListOfSections(nameof(ProxyOptions.Passthrough), new PassthroughSection(enclaves, discovery.Enabled).Read)
            .OfType<(PassthroughOptions Options, Listener Listener)>()
            .ToList();
        var egress = new EgressSection(enclaves, discovery.Enabled);
        var options = new ProxyOptions
        {
            Admin = root.Section(nameof(ProxyOptions.Admin), AdminOptions.Read),
            Discovery = discovery,
            Enclaves = [.. enclaves
                .Where(entry => entry.Endpoint is not null)
                .Select(entry => new EnclaveOptions(entry.Id, entry.Name, entry.Endpoint!, entry.Weight)
                {
                    State = entry.State,
                    Backup = entry.Backup,
                })],
            Routing = root.Section(nameof(ProxyOptions.Routing), RoutingOptions.Read),
            Timeouts = root.Section(nameof(ProxyOptions.Timeouts), TimeoutOptions.Read),
            Retry = root.Section(nameof(ProxyOptions.Retry), RetryOptions.Read),
            Health = root.Section(nameof(ProxyOptions.Health), HealthOptions.Read),
            Vsock = root.Section(nameof(ProxyOptions.Vsock), VsockOptions.Read),
            Limits = root.Section(nameof(ProxyOptions.Limits), LimitOptions.Read),
            EndpointProxyProtocol = listeners
                .Where(listener => listener.ProxyProtocol.Accept != ProxyProtocolAccept.None)
                .ToDictionary(listener => listener.Name, listener => listener.ProxyProtocol, StringComparer.OrdinalIgnoreCase),
            ForwardedHeaders = root.Section(nameof(ProxyOptions.ForwardedHeaders), ForwardedHeadersOptions.Read),
            Log = root.Section(Names.Serilog, serilog => SerilogSection.Read(serilog, log)),
            AccessLog = root.Section(nameof(ProxyOptions.AccessLog), AccessLogOptions.Read),
            ReverseProxy = root.Section(Names.ReverseProxy, section => ReverseProxySection.Read(section, enclaves, discovery.Enabled)),
            Passthrough = [.. passthrough.Select(entry => entry.Options)],
            Egress = root.Section(Names.Egress, egress.Read),
            Attestation = root.Section(nameof(ProxyOptions.Attestation), AttestationSection.Read),
            Sections = FlatSections.Create(root.Ask(Names.Kestrel), root.Ask(Names.Serilog)),
        };

        CheckNames(root, passthrough);
        CheckTargets(root, options.Passthrough);
        KestrelLimits.CheckTwins(root.Node, root.Report);
        CheckListeners(root, [.. listeners, .. passthrough.Select(entry => entry.Listener), .. egress.UnixListeners], options.Admin);
        if (!discovery.Enabled && !options.Egress.Listeners.Any())
            CheckSomethingToForwardTo(root, enclaves, options.Passthrough);
        CheckHealth(root, options, Counted(options));
        CheckWeights(root, enclaves, options);
        if (!discovery.Enabled)
            EnclavesSection.WarnOfNoneLeft(root.Report, enclaves);
        return options;
    }

    private static void CheckListeners(SectionReader root, IReadOnlyList<Listener> listeners, AdminOptions admin)
    {
        var node = root.Node.Child(nameof(ProxyOptions.Admin));
        var pages = ReadListener(root, node.Child(nameof(AdminOptions.Url)), admin.Url);
        if (pages is { Address.IsLoopback: false })
            root.Report.Warning(pages.Location, $"{admin.Url} is reached from other machines; what it tells is meant for operators");

        // Metrics are for a Prometheus elsewhere: there it is no mistake to be reached.
        var metrics = admin.MetricsUrl is { } url ? ReadListener(root, node.Child(nameof(AdminOptions.MetricsUrl)), url) : null;
        Listener.CheckOverlaps([.. listeners, .. new[] { pages, metrics }.OfType<Listener>()], root.Report);
    }

    /// <summary>A passthrough listener is known by its address, and so is port 0.</summary>
    private static void CheckNames(SectionReader root, List<(PassthroughOptions Options, Listener Listener)> passthrough)
    {
        for (var i = 1; i < passthrough.Count; i++)
        {
            var (options, listener) = passthrough[i];
            if (listener.Address is { SocketPath: null, Port: 0 }
                && passthrough.Take(i).Any(other => other.Options.Listen == options.Listen))
            {
                root.Report.Problem(listener.Location, $"is {options.Listen} like another entry: a listener is known by its address");
            }
        }
    }

    /// <summary>The registry knows an endpoint by its URI, ignoring case, and paths that differ in case are two sockets.</summary>
    private static void CheckTargets(SectionReader root, IReadOnlyList<PassthroughOptions> passthrough)
    {
        var known = new Dictionary<string, EnclaveEndpoint>(StringComparer.OrdinalIgnoreCase);
        var targets = passthrough.SelectMany(listener => listener.Targets);
        foreach (var endpoint in targets.Select(target => target.Endpoint).OfType<EnclaveEndpoint>())
        {
            if (!known.TryAdd(endpoint.ToString(), endpoint) && known[endpoint.ToString()] is var other && other != endpoint)
                root.Report.Problem(
                    nameof(ProxyOptions.Passthrough), $"leads to {other} and to {endpoint}, which differ in case only: rename one");
        }
    }

    private static Listener? ReadListener(SectionReader root, ConfigurationNode node, string url)
    {
        var (address, reason) = ListenerAddress.Parse(url);
        if (reason is null && address.Scheme != "http")
            reason = $"{Quoted.Text(url)} does not begin with http://: the admin listener has no TLS";
        else if (reason is null && address.SocketPath is not null)
            reason = $"{Quoted.Text(url)} is a unix socket: the admin listener is on TCP";
        if (reason is null)
            return new Listener(node.Location, address);
        root.Report.Problem(node.Location, reason);
        return null;
    }

    private static void CheckSomethingToForwardTo(
        SectionReader root, IReadOnlyList<EnclaveEntry> enclaves, IReadOnlyList<PassthroughOptions> passthrough)
    {
        var clusters = root.Node.Child(Names.ReverseProxy).Child("Clusters").Children;
        if (enclaves.Count == 0
            && !passthrough.SelectMany(listener => listener.Targets).Any(target => target.Endpoint is not null)
            && !clusters.Any(cluster => cluster.Child("Destinations").Children.Count > 0))
            root.Report.Problem(
                Names.Enclaves,
                "there is nothing to forward to; set PARENTPROXY_ENCLAVE_0_CID and PARENTPROXY_ENCLAVE_0_PORT, "
                    + "or Enclaves, Passthrough or Egress in the file, or Discovery:Enabled, "
                    + "or look at it without an enclave: parent-proxy demo");
    }

    /// <summary>How many enclaves health counts, those that discovery finds aside.</summary>
    private static int Counted(ProxyOptions options) => options.Enclaves.Select(enclave => enclave.Endpoint)
        .Concat(options.Passthrough.SelectMany(listener => listener.Targets).Select(target => target.Endpoint).OfType<EnclaveEndpoint>())
        .Distinct()
        .Count();

    private static void CheckHealth(SectionReader root, ProxyOptions options, int enclaves)
    {
        var health = root.Node.Child(nameof(ProxyOptions.Health));
        if (enclaves > 0 && !options.Discovery.Enabled && options.Health.MinHealthy > enclaves)
            root.Report.Warning(
                health.Child(nameof(HealthOptions.MinHealthy)).Location,
                $"{options.Health.MinHealthy} is more than the {enclaves} enclaves that are configured: health will never be good");
        if (options.Health.Probe.Port > ushort.MaxValue
            && options.Enclaves.FirstOrDefault(enclave => enclave.Endpoint.Transport == EnclaveTransport.Tcp) is { } tcp)
            root.Report.Problem(
                health.Child(nameof(HealthOptions.Probe)).Child(nameof(ProbeOptions.Port)).Location,
                $"{options.Health.Probe.Port} is no TCP port, and enclave {tcp.Id} is on TCP");
    }

    // A weight that is silently ignored is a share of the requests that nobody meant.
    private static void CheckWeights(SectionReader root, IReadOnlyList<EnclaveEntry> enclaves, ProxyOptions options)
    {
        var policy = options.Routing.LoadBalancing;
        Check(enclaves, policy, $"{nameof(ProxyOptions.Routing)}:{nameof(RoutingOptions.LoadBalancing)}");
        (string, string)[] names = [.. options.Enclaves.Select(enclave => (enclave.Id, enclave.Name))];
        foreach (var cluster in options.ReverseProxy.Clusters)
        {
            var members = ClusterMembers.Of(cluster, names).Select(member => member.Id).ToHashSet(StringComparer.OrdinalIgnoreCase);
            var setting = cluster.LoadBalancingPolicy is null
                ? $"{nameof(ProxyOptions.Routing)}:{nameof(RoutingOptions.LoadBalancing)}"
                : $"{Names.ReverseProxy}:Clusters:{cluster.ClusterId}:{nameof(cluster.LoadBalancingPolicy)}";
            Check([.. enclaves.Where(entry => members.Contains(entry.Id))], cluster.LoadBalancingPolicy ?? policy, setting);
        }

        void Check(IReadOnlyList<EnclaveEntry> members, string policy, string setting)
        {
            // With 0 it is out of the choice, whoever chooses.
            var first = members.FirstOrDefault(entry => entry.Weight != 0);
            if (policy == RoutingOptions.WeightedPolicy
                || members.FirstOrDefault(entry => entry.Weight != 0 && entry.Weight != first!.Weight) is not { } other)
                return;
            var reason = $"is {other.Weight} and that of {first!.Location} is {first.Weight}, but the policy {policy} "
                + $"ignores weights; set {setting} to {RoutingOptions.WeightedPolicy}, or give all the same weight";
            var location = root.Node.Child(Names.Enclaves).Children
                .FirstOrDefault(node => node.Location == other.Location)
                ?.Child(nameof(EnclaveOptions.Weight)).Location ?? other.Location;
            root.Report.Problem(location, reason);
        }
    }

    private static SortedSet<string> AskForKeys()
    {
        // One entry each, whose keys nobody asks for else.
        var report = new ConfigurationReport();
        var enclave = new SourceEntry([Names.Enclaves, "0", "Cid"], "3", ConfigurationOrigin.CommandLine);
        var passthrough = new SourceEntry(["Passthrough", "0", "Listen"], "127.0.0.1:1", ConfigurationOrigin.CommandLine);
        var egress = ListsOfEgress
            .Select(list => new SourceEntry([Names.Egress, list, "0", "Listen"], "vsock://any:1", ConfigurationOrigin.CommandLine));
        var endpoint = new SourceEntry([Names.Kestrel, "Endpoints", "Http", "Url"], "http://127.0.0.1:0", ConfigurationOrigin.File);
        var rate = new SourceEntry(
            [nameof(ProxyOptions.Limits), nameof(LimitOptions.RateLimits), "0", "Path"], "/", ConfigurationOrigin.CommandLine);
        Read(EntryTree.Build([enclave, passthrough, endpoint, rate, .. egress], report), report);
        return report.Keys;
    }
}
