using System.Net;
using ParentProxy.Configuration.Reading;
using ParentProxy.Endpoints;

namespace ParentProxy.Configuration.Sections;

/// <summary>Section <c>Enclave</c>: the program inside an enclave.</summary>
internal sealed class InsideSection
{
    private readonly List<(string Location, InsideAddress Address)> _listeners = [];

    /// <summary>Reads the section. The result holds only when nothing was reported.</summary>
    public InsideOptions Read(SectionReader section)
    {
        var defaults = new InsideOptions();
        var ingress = section.ListOfSections(nameof(InsideOptions.Ingress), ReadIngress).OfType<InsideIngressOptions>().ToList();
        var connect = section.Section(nameof(InsideOptions.Connect), ReadConnect);
        var options = new InsideOptions
        {
            Ingress = ingress,
            Connect = connect,
            Forwards = [.. section.ListOfSections(nameof(InsideOptions.Forwards), ReadForward).OfType<InsideForwardOptions>()],
            Transparent = section.Section(nameof(InsideOptions.Transparent), reader => ReadTransparent(reader, connect?.To)),
            Dns = section.Section(nameof(InsideOptions.Dns), ReadDns),
            Time = section.Section(nameof(InsideOptions.Time), ReadTime),
            Logs = section.Section(nameof(InsideOptions.Logs), ReadLogs),
            Status = section.Section(nameof(InsideOptions.Status), ReadStatus),
            Application = section.Section(nameof(InsideOptions.Application), ReadApplication),
            SetUpLoopback = section.Bool(defaults.SetUpLoopback),
            ConnectTimeout = section.Duration(defaults.ConnectTimeout),
            IdleTimeout = section.Duration(defaults.IdleTimeout),
            HalfCloseTimeout = section.Duration(defaults.HalfCloseTimeout),
            MaxConnections = section.Number(defaults.MaxConnections, 1, int.MaxValue),
            StopTimeout = section.DurationOrZero(defaults.StopTimeout),
        };
        CheckTwins(section.Report);
        if (section.Report.Problems.Count == 0 && IsIdle(options))
            section.Report.Problem(
                section.Location,
                "there is nothing to do; name what the parent reaches (--ingress 6300), what is reached there (--connect, --dns), "
                    + "or an application (-- COMMAND)");
        return options;
    }

    private static bool IsIdle(InsideOptions options) =>
        options is { Ingress: [], Forwards: [], Connect: null, Transparent: null, Dns: null, Time: null, Status: null, Application: null };

    private InsideIngressOptions? ReadIngress(SectionReader section)
    {
        var listen = ReadListen(section, "where the parent connects, like vsock://any:6300");
        var hasTarget = section.TryRequired(nameof(InsideIngressOptions.To), InsideTarget.Parse, out var to);
        if (hasTarget && to!.Transport is not (EnclaveTransport.Tcp or EnclaveTransport.Unix))
            section.Report.Problem(
                section.Ask(nameof(InsideIngressOptions.To)).Location,
                $"{to} is not the application's: that is TCP on loopback, like 127.0.0.1:6300, or unix:PATH");
        var proxy = section.Section(
            nameof(InsideIngressOptions.ProxyProtocol), reader => ProxyProtocolOptions.Read(reader, canSend: true));
        return listen is null || !hasTarget ? null : new InsideIngressOptions { Listen = listen, To = to!, ProxyProtocol = proxy };
    }

    private InsideForwardOptions? ReadForward(SectionReader section)
    {
        var listen = ReadListen(section, "where programs inside connect, like 127.0.0.1:8443");
        return section.TryRequired(nameof(InsideForwardOptions.To), InsideTarget.Parse, out var to) && listen is not null
            ? new InsideForwardOptions { Listen = listen, To = to }
            : null;
    }

    private InsideConnectOptions? ReadConnect(SectionReader section)
    {
        var listen = section.Value(InsideAddress.Parse("127.0.0.1:3128").Value, InsideAddress.Parse, nameof(InsideConnectOptions.Listen));
        if (ReadParent(section) is not { } to)
            return null;
        _listeners.Add((section.Ask(nameof(InsideConnectOptions.Listen)).Location, listen));
        return new InsideConnectOptions { Listen = listen, To = to };
    }

    private static InsideTransparentOptions? ReadTransparent(SectionReader section, EnclaveEndpoint? connect)
    {
        const string key = nameof(InsideTransparentOptions.Hosts);
        var hosts = section.List<Destination>([], ParseHost, key);
        var to = ReadParent(section) ?? (hosts.Count > 0 ? connect ?? InsideTransparentOptions.UsualParent : null);
        var options = new InsideTransparentOptions { Hosts = hosts, To = to! };
        options = options with { HostsFile = section.Value(options.HostsFile, Values.FilePath) };
        if (to is null)
            return null;
        if (hosts.Count == 0)
            section.Report.Problem(section.Ask(key).Location, "is missing: names with ports, like [ \"api.example.com:443\" ]");
        if (hosts.Select(host => host.Host).Distinct(StringComparer.OrdinalIgnoreCase).Count() > InsideTransparentOptions.MaxNames)
            section.Report.Problem(section.Ask(key).Location, $"names more than {InsideTransparentOptions.MaxNames} hosts");
        return options;
    }

    private InsideDnsOptions? ReadDns(SectionReader section)
    {
        const string key = nameof(InsideDnsOptions.Listen);
        var options = new InsideDnsOptions { To = ReadParent(section)! };
        options = options with
        {
            Listen = section.List(options.Listen, InsideAddress.Parse, key),
            Timeout = section.Duration(options.Timeout),
            CacheEntries = section.Number(options.CacheEntries, 0, 10_000_000),
            ResolvConf = section.Value(options.ResolvConf, ParseResolvConf),
        };
        if (options.To is null)
            return null;
        foreach (var address in options.Listen)
        {
            _listeners.Add((section.Ask(key).Location, address));
            if (address.EndPoint is not IPEndPoint { Address: var ip })
                section.Report.Problem(
                    section.Ask(key).Location, $"{address} is no address that resolvers ask, like 127.0.0.1:53 or [::1]:53");
            else if (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any))
                section.Report.Problem(
                    section.Ask(key).Location,
                    $"{address} is every address: answers may come from another one than was asked, which resolvers do not take; "
                        + "name each, like 127.0.0.1:53");
        }

        return options;
    }

    private static InsideTimeOptions? ReadTime(SectionReader section)
    {
        var options = new InsideTimeOptions { To = ReadParent(section)! };
        options = options with
        {
            Interval = section.Duration(options.Interval),
            Adjust = section.Enum(options.Adjust),
            StepThreshold = section.Duration(options.StepThreshold),
        };
        return options.To is null ? null : options;
    }

    private static InsideLogsOptions? ReadLogs(SectionReader section)
    {
        var options = new InsideLogsOptions { To = ReadParent(section)! };
        options = options with
        {
            BufferBytes = section.Number(options.BufferBytes, 64 * 1024, 1024 * 1024 * 1024),
            MaxLineBytes = section.Number(options.MaxLineBytes, 256, 1024 * 1024),
            Console = section.Bool(options.Console),
        };
        if (options.MaxLineBytes > options.BufferBytes / InsideLogsOptions.LeastLines)
            section.Report.Problem(
                section.Ask(nameof(InsideLogsOptions.MaxLineBytes)).Location,
                $"is {options.MaxLineBytes}, of which BufferBytes ({options.BufferBytes}) has to hold {InsideLogsOptions.LeastLines} at "
                    + $"least: raise that, or set this to {options.BufferBytes / InsideLogsOptions.LeastLines} or less");
        return options.To is null ? null : options;
    }

    private InsideStatusOptions? ReadStatus(SectionReader section)
    {
        const string key = nameof(InsideStatusOptions.Listen);
        var listen = section.Optional<InsideAddress?>(null, text => InsideAddress.Parse(text).Select<InsideAddress?>(a => a), key);
        if (listen is null)
            return null;
        _listeners.Add((section.Ask(key).Location, listen));
        return new InsideStatusOptions { Listen = listen };
    }

    private static InsideApplicationOptions? ReadApplication(SectionReader section)
    {
        const string key = nameof(InsideApplicationOptions.Command);
        var options = new InsideApplicationOptions { Command = section.List<string>([], text => text, key) };
        options = options with
        {
            User = section.OptionalText(options.User),
            Ready = section.Optional(options.Ready, text => ReadinessOptions.Parse(text).Select<ReadinessOptions?>(ready => ready)),
            ReadyTimeout = section.Duration(options.ReadyTimeout),
            Restart = section.Value(options.Restart, ParseRestart),
            RestartDelay = section.DurationOrZero(options.RestartDelay),
        };
        if (options.Command.Count > 0)
            return options;
        if (options.User is not null || options.Ready is not null || options.Restart != RestartPolicy.Never)
            section.Report.Problem(section.Ask(key).Location, "is missing: program and arguments, or -- COMMAND on the command line");
        return null;
    }

    private static Parsed<string?> ParseResolvConf(string text) =>
        text.Length == 0 ? new Parsed<string?>(null, null) : Values.OptionalFilePath(text);

    // As systemd writes it, too.
    private static Parsed<RestartPolicy> ParseRestart(string text) =>
        Values.Enum<RestartPolicy>(text.Equals("on-failure", StringComparison.OrdinalIgnoreCase) ? nameof(RestartPolicy.OnFailure) : text);

    private InsideAddress? ReadListen(SectionReader section, string hint)
    {
        const string key = nameof(InsideIngressOptions.Listen);
        var node = section.Ask(key);
        if (!node.IsSet)
        {
            section.Report.Problem(node.Location, $"is missing: {hint}");
            return null;
        }

        if (!section.TryValue(null, text => InsideAddress.Parse(text).Select<InsideAddress?>(a => a), out var listen, key))
            return null;
        _listeners.Add((node.Location, listen!));
        return listen;
    }

    /// <summary>Where a service of the parent listens; null when there is to be none, or a wrong one, which is reported.</summary>
    private static EnclaveEndpoint? ReadParent(SectionReader section) => section.Optional<EnclaveEndpoint?>(
        null, text => InsideTarget.Parse(text).Select<EnclaveEndpoint?>(endpoint => endpoint), nameof(InsideConnectOptions.To));

    private static Parsed<Destination> ParseHost(string text) =>
        !Destination.TryParse(text, null, out var destination, out var reason)
            ? new Mistake($"{Quoted.Text(text)} is no name with a port, like api.example.com:443: {reason}")
            : destination.Address is null
            ? destination
            : new Mistake($"{Quoted.Text(text)} is an address; names alone can be given an address of their own");

    private void CheckTwins(ConfigurationReport report)
    {
        for (var i = 1; i < _listeners.Count; i++)
        {
            var (location, address) = _listeners[i];
            if (_listeners.Take(i).FirstOrDefault(other => other.Address == address) is { Address: not null } twin)
                report.Problem(location, $"{address} is listened on by {twin.Location}, too");
        }
    }
}
