using System.Text.RegularExpressions;
using ParentProxy.Configuration.Reading;
using ParentProxy.Endpoints;

namespace ParentProxy.Configuration.Sections;

/// <summary>Section <c>Passthrough</c>, a list of listeners.</summary>
/// <param name="enclaves">The entries of <c>Enclaves</c>.</param>
/// <param name="discovers">Whether discovery may bring further ones, of any name.</param>
internal sealed partial class PassthroughSection(IReadOnlyList<EnclaveEntry> enclaves, bool discovers)
{
    /// <summary>In the place of a server name: connections without a name, or with another one.</summary>
    private const string Default = "default";

    /// <summary>In the place of a target: the connection is closed.</summary>
    private const string Reject = "reject";

    /// <summary>Reads an entry; null when it has no address that can be listened on.</summary>
    /// <param name="section">The entry.</param>
    /// <returns>The options, and the listener for the look at addresses that are used twice.</returns>
    public (PassthroughOptions Options, Listener Listener)? Read(SectionReader section)
    {
        var defaults = new PassthroughOptions { Listen = new PassthroughAddress("") };
        var hasAddress = section.TryRequired(nameof(PassthroughOptions.Listen), PassthroughAddress.Parse, out var address);
        var port = section.OptionalNumber(defaults.Port, 1u, uint.MaxValue - 1);
        var to = section.Optional<PassthroughTarget?>(null, text => Target(text, port), nameof(PassthroughOptions.To));
        var names = section.Section(nameof(PassthroughOptions.Sni), sni => ReadNames(sni, port));
        CheckDefault(section, names);
        var options = new PassthroughOptions
        {
            Listen = address ?? defaults.Listen,
            To = to ?? names.GetValueOrDefault(Default),
            Port = port,
            ProxyProtocol = section.Section(
                nameof(PassthroughOptions.ProxyProtocol), proxy => ProxyProtocolOptions.Read(proxy, canSend: true)),
            Sni = names.Where(name => !IsDefault(name.Key)).ToDictionary(StringComparer.OrdinalIgnoreCase),
            ConnectTimeout = section.Duration(defaults.ConnectTimeout),
            IdleTimeout = section.Duration(defaults.IdleTimeout),
            HalfCloseTimeout = section.Duration(defaults.HalfCloseTimeout),
            StallTimeout = section.Duration(defaults.StallTimeout),
            PrereadTimeout = section.Duration(defaults.PrereadTimeout),
            MaxConnections = section.Number(defaults.MaxConnections, 1, int.MaxValue),
            MaxConnectionsPerSource = section.Number(defaults.MaxConnectionsPerSource, 0, int.MaxValue),
            Log = section.Enum(defaults.Log),
            Probe = section.Enum(defaults.Probe),
        };
        if (!hasAddress)
            return null;
        var listener = new ListenerAddress(
            "tcp", address!.Address is { } tcp ? [tcp.Address] : [], address.Address?.Port ?? 0, address.SocketPath);
        return (options, new Listener(section.Ask(nameof(PassthroughOptions.Listen)).Location, listener));
    }

    private Dictionary<string, PassthroughTarget?> ReadNames(SectionReader section, uint? port)
    {
        var names = new Dictionary<string, PassthroughTarget?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, target) in section.NamedValues(text => Target(text, port)))
        {
            names[name] = target;
            if (!NamePattern().IsMatch(name))
                section.Report.Problem(
                    section.Node.Child(name).Location,
                    $"{Quoted.Text(name)} is no server name: a host name like a.example, *.example for all below it, or {Default}");
        }

        return names;
    }

    private static void CheckDefault(SectionReader section, Dictionary<string, PassthroughTarget?> names)
    {
        var sni = section.Ask(nameof(PassthroughOptions.Sni));
        var to = section.Ask(nameof(PassthroughOptions.To));
        if (to.IsSet && names.ContainsKey(Default))
            section.Report.Problem(
                sni.Child(Default).Location,
                "says where connections go that no name takes, and so does To: leave one of them out");
        if (!to.IsSet && sni.Children.Count == 0)
            section.Report.Problem(to.Location, "is missing: where connections go, like enclaves, enclave://NAME or vsock://16:443");
        else if (sni.Children.All(child => IsDefault(child.Key))
            && (to.IsSet ? to.Value : sni.Child(Default).Value) is { } target
            && IsReject(target))
        {
            section.Report.Problem(
                to.IsSet ? to.Location : sni.Child(Default).Location,
                "closes every connection, since no entry of Sni takes any: name a target, or leave the listener out");
        }
    }

    private static bool IsDefault(string name) => name.Equals(Default, StringComparison.OrdinalIgnoreCase);

    private static bool IsReject(string target) => target.Equals(Reject, StringComparison.OrdinalIgnoreCase);

    private Parsed<PassthroughTarget?> Target(string text, uint? port)
    {
        if (IsReject(text))
            return new Parsed<PassthroughTarget?>(null, null);
        var (target, reason) = PassthroughTarget.Parse(text, port);
        if (reason is not null)
            return new Mistake(reason);
        if (target.Pattern is not { } pattern)
            return target;
        var members = enclaves.Where(enclave => enclave.Matches(pattern)).ToList();
        if (members.Count == 0 && !discovers)
            return new Mistake($"{Quoted.Text(text)} names no enclave: no Id or Name in {Names.Enclaves} matches {Quoted.Text(pattern)}");
        return port > ushort.MaxValue && members.Find(enclave => enclave.Endpoint?.Transport == EnclaveTransport.Tcp) is { } tcp
            ? new Mistake($"Port {port} is no TCP port, and enclave {tcp.Id} is on TCP")
            : target;
    }

    [GeneratedRegex(@"^(default|(\*\.)?([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)\z",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex NamePattern();
}
