using System.Net;
using System.Net.Sockets;
using ParentProxy.Configuration;
using ParentProxy.Configuration.Sections;
using ParentProxy.Endpoints;

namespace ParentProxy.Egress.Policy;

/// <summary>
/// The rules of one list, by what they name, so that thousands cost no more than a few: a look-up for the name and for each name above
/// it, or for each length that a network has. Immutable.
/// </summary>
internal sealed class RuleTable
{
    private static readonly List<Entry> None = [];

    private readonly Dictionary<string, List<Entry>> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Entry>> _below = new(StringComparer.Ordinal);
    private readonly List<Entry> _everyName = [];
    private readonly Dictionary<IPNetwork, List<Entry>> _networks = [];
    private readonly int[] _lengths;
    private readonly int[] _lengthsOfIPv6;

    /// <summary>Files the rules, each by the hosts that it names.</summary>
    public RuleTable(IEnumerable<EgressRuleOptions> rules)
    {
        foreach (var rule in rules)
        {
            foreach (var host in rule.Hosts)
                ListFor(host).Add(new Entry(rule, host));
        }

        _lengths = Lengths(AddressFamily.InterNetwork);
        _lengthsOfIPv6 = Lengths(AddressFamily.InterNetworkV6);
    }

    /// <summary>The entries for a name, whatever their port and whomever they are for: the most specific first.</summary>
    public IEnumerable<Entry> Of(HostName name)
    {
        foreach (var entry in _names.GetValueOrDefault(name.Text, None))
            yield return entry;
        for (var dot = name.Text.IndexOf('.'); dot >= 0; dot = name.Text.IndexOf('.', dot + 1))
        {
            foreach (var entry in _below.GetValueOrDefault(name.Text[(dot + 1)..], None))
                yield return entry;
        }

        foreach (var entry in _everyName)
            yield return entry;
    }

    /// <summary>The entries for an address, whatever their port and whomever they are for: the smallest network first.</summary>
    public IEnumerable<Entry> Of(IPAddress address)
    {
        if (_networks.Count == 0)
            yield break;
        foreach (var length in address.AddressFamily == AddressFamily.InterNetwork ? _lengths : _lengthsOfIPv6)
        {
            foreach (var entry in _networks.GetValueOrDefault(new IPNetwork(First(address, length), length), None))
                yield return entry;
        }
    }

    private static IPAddress First(IPAddress address, int length)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] &= (byte)(0xFF << Math.Clamp(8 - (length - (8 * i)), 0, 8));
        return new IPAddress(bytes);
    }

    private int[] Lengths(AddressFamily family) =>
    [
        .. _networks.Keys
            .Where(network => network.BaseAddress.AddressFamily == family)
            .Select(network => network.PrefixLength)
            .Distinct()
            .OrderDescending(),
    ];

    private List<Entry> ListFor(EgressHostPattern host)
    {
        if (host.Network is { } network)
            return Get(_networks, network);
        if (host.Name == EgressHostPattern.AnyName)
            return _everyName;
        return Get(host.IsBelow ? _below : _names, host.Name!);

        static List<Entry> Get<TKey>(Dictionary<TKey, List<Entry>> table, TKey key) where TKey : notnull =>
            table.TryGetValue(key, out var list) ? list : table[key] = [];
    }

    /// <summary>What one rule says of one host.</summary>
    /// <param name="Rule">The rule.</param>
    /// <param name="Host">What it names.</param>
    internal sealed record Entry(EgressRuleOptions Rule, EgressHostPattern Host)
    {
        /// <summary>Whether the rule is about an enclave.</summary>
        public bool IsFor(EgressPeer peer) =>
            (Rule.Cids is not { } cids || (peer.Cid is { } cid && cids.Contains(cid)))
            && (Rule.Enclaves is not { } enclaves || enclaves.Any(pattern => Matches(pattern, peer.Id) || Matches(pattern, peer.Name)));

        /// <summary>Whether it is about a port.</summary>
        public bool HasPort(ushort port) => (Host.Port ?? port) == port;

        private static bool Matches(string pattern, string? text) => text is not null && EnclavePattern.Matches(pattern, text);
    }
}
