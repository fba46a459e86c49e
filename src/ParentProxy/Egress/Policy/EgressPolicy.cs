using System.Net;
using ParentProxy.Configuration;
using ParentProxy.Endpoints;

namespace ParentProxy.Egress.Policy;

/// <summary>What which enclave may reach. Immutable; a reload makes a new one. Deny beats allow.</summary>
internal sealed class EgressPolicy
{
    private const string Allow = $"{Names.Egress}:{nameof(EgressOptions.Allow)}";
    private const string DnsAllow = $"{Names.Egress}:{nameof(EgressOptions.Dns)}:{nameof(EgressDnsOptions.Allow)}";

    private readonly RuleTable _allow;
    private readonly RuleTable _deny;
    private readonly RuleTable? _questions;
    private readonly bool _denyPrivate;
    private readonly Func<IReadOnlySet<IPAddress>> _ownAddresses;

    /// <summary>Compiles the rules of a configuration.</summary>
    /// <param name="options">The rules.</param>
    /// <param name="ownAddresses">The addresses of this machine at the moment, which count as special.</param>
    public EgressPolicy(EgressOptions options, Func<IReadOnlySet<IPAddress>> ownAddresses)
    {
        _allow = new RuleTable(options.Allow);
        _deny = new RuleTable(options.Deny);
        _questions = options.Dns?.Allow is { } names ? new RuleTable([new EgressRuleOptions(DnsAllow, null, null, names)]) : null;
        _denyPrivate = options.DenyPrivateNetworks;
        _ownAddresses = ownAddresses;
    }

    /// <summary>
    /// Judges what was asked for, before anything is resolved: a name needs a rule that names it, an address one that names it.
    /// </summary>
    public EgressVerdict Judge(EgressPeer peer, Destination destination)
    {
        var port = destination.Port;
        if (destination.Address is { } address)
            return JudgeAddress(peer, destination, address, named: null);
        var name = destination.Name!;
        if (Find(_deny.Of(name), peer, port) is { } deny)
            return Denied(deny, destination.ToString());
        return Find(_allow.Of(name), peer, port) is { } allow
            ? Allowed(allow)
            : Missing(peer, destination.ToString(), destination.ToString(), [.. _allow.Of(name)], port);
    }

    /// <summary>
    /// Judges an address that a name led to; that very address is dialled. Public ones are allowed with the name, special ones need a
    /// rule that names them.
    /// </summary>
    /// <param name="peer">Who asked.</param>
    /// <param name="destination">What for: a name that <see cref="Judge"/> has allowed.</param>
    /// <param name="address">What it led to, as the resolver gave it.</param>
    /// <param name="allowed">The verdict on the name.</param>
    public EgressVerdict JudgeResolved(EgressPeer peer, Destination destination, IPAddress address, EgressVerdict allowed) =>
        JudgeAddress(peer, destination, address, allowed);

    /// <summary>Judges a question for a name, by the rule of section <c>Egress:Dns</c>.</summary>
    public EgressVerdict JudgeQuestion(EgressPeer peer, HostName name)
    {
        // Refused is a name of which Deny leaves no port.
        var denied = _deny.Of(name).Where(entry => entry.IsFor(peer)).ToList();
        var allowed = (_questions ?? _allow).Of(name).Where(entry => entry.IsFor(peer)).ToList();
        if (allowed.Find(allow => !denied.Exists(deny => deny.Host.Port is null || deny.Host.Port == allow.Host.Port)) is { } entry)
            return Allowed(entry);
        if (allowed.Count > 0)
            return Denied(denied[0], name.Text);
        return _questions is null
            ? Missing(peer, name.Text, $"{name}:443", [.. _allow.Of(name)], port: null)
            : new EgressVerdict(false, EgressCounts.NoRule, $"{DnsAllow} does not name {name}; add \"{name}\" to it");
    }

    private static RuleTable.Entry? Find(IEnumerable<RuleTable.Entry> entries, EgressPeer peer, ushort port)
    {
        foreach (var entry in entries)
        {
            if (entry.HasPort(port) && entry.IsFor(peer))
                return entry;
        }

        return null;
    }

    private static EgressVerdict Allowed(RuleTable.Entry entry) => new(true, entry.Rule, null);

    private static EgressVerdict Denied(RuleTable.Entry entry, string what) =>
        new(false, entry.Rule, $"{entry.Rule.Location} refuses {what}, by \"{entry.Host}\"");

    /// <param name="peer">Who asked.</param>
    /// <param name="what">What for.</param>
    /// <param name="host">What a rule would have to name.</param>
    /// <param name="near">The entries that name it, for another port or for others.</param>
    /// <param name="port">The port; null for any.</param>
    /// <param name="wide">A rule of the enclave that only seems to name it; null for none.</param>
    private static EgressVerdict Missing(
        EgressPeer peer, string what, string host, List<RuleTable.Entry> near, ushort? port, RuleTable.Entry? wide = null)
    {
        var own = near.Find(entry => entry.IsFor(peer));
        var hint = own is not null && port is { } asked && !own.HasPort(asked)
            ? $" ({own.Rule.Location} has it with port {own.Host.Port} alone)"
            : own is null && wide is not null
                ? $" ({wide.Rule.Location} has {wide.Host}, which means the public addresses in it)"
                : "";
        return new EgressVerdict(
            false,
            EgressCounts.NoRule,
            $"no rule of {Allow} for {peer} names {what}; add \"{host}\" to the Hosts of one{hint}",
            own is null && near.Count > 0 ? $" ({near[0].Rule.Location} has it for other enclaves alone)" : null);
    }

    private EgressVerdict JudgeAddress(EgressPeer peer, Destination destination, IPAddress address, EgressVerdict? named)
    {
        var port = destination.Port;
        var target = AddressGuard.Unwrap(address);
        var shown = target.Equals(address) ? $"{address}" : $"{address} (that is {target})";
        if ((Find(_deny.Of(target), peer, port) ?? Find(_deny.Of(address), peer, port)) is { } deny)
            return Denied(deny, named is null ? $"{destination}" : $"{destination}, which leads to {shown}");

        var special = AddressGuard.Find(target, _ownAddresses());
        if (special is { IsPrivate: true } && !_denyPrivate)
            special = null;
        if (special is null && named is { } verdict)
            return verdict;
        var entries = _allow.Of(target).ToList();
        var naming = entries.Where(entry => special?.IsNamedBy(entry.Host.Network!.Value) ?? true).ToList();
        if (Find(naming, peer, port) is { } allow)
            return Allowed(allow);

        var kind = special?.Name is { } name ? $", which is {name}" : "";
        var missing = Missing(
            peer,
            named is null ? $"the address {shown}{kind}, and port {port}" : $"the address {shown}{kind}, to which {destination} leads",
            Destination.Join(target.ToString(), port),
            naming,
            port,
            wide: Find(entries, peer, port));
        var note = special switch
        {
            { IsOwn: true } => " (it is an address of this machine)",
            { IsPrivate: true } when named is not null => $"; or set {Names.Egress}:{nameof(EgressOptions.DenyPrivateNetworks)} to false",
            _ => null,
        };
        return note is null ? missing : missing with { Note = $"{missing.Note}{note}" };
    }
}
