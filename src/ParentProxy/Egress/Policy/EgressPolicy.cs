using System.Net;
using ParentProxy.Configuration;
using ParentProxy.Endpoints;

namespace ParentProxy.Egress.Policy;

/// <summary>What which enclave may reach. Immutable; a reload makes a new one. Deny beats allow.</summary>
internal sealed class EgressPolicy
{
    private readonly EgressOptions _options;
    private readonly Func<IReadOnlySet<IPAddress>> _ownAddresses;

    /// <summary>Compiles the rules.</summary>
    /// <param name="options">The rules.</param>
    /// <param name="ownAddresses">The addresses of this machine at the moment, which count as special.</param>
    public EgressPolicy(EgressOptions options, Func<IReadOnlySet<IPAddress>> ownAddresses)
    {
        _options = options;
        _ownAddresses = ownAddresses;
    }

    /// <summary>
    /// Judges what was asked for, before anything is resolved: a name needs a rule that names it, an address one that names it.
    /// </summary>
    public EgressVerdict Judge(EgressPeer peer, Destination destination) => throw new NotImplementedException();

    /// <summary>
    /// Judges an address that a name led to; that very address is dialled. Public ones are allowed with the name, special ones need a
    /// rule that names them.
    /// </summary>
    /// <param name="peer">Who asked.</param>
    /// <param name="destination">What for: a name that <see cref="Judge"/> has allowed.</param>
    /// <param name="address">What it led to, as the resolver gave it.</param>
    /// <param name="allowed">The verdict on the name.</param>
    public EgressVerdict JudgeResolved(EgressPeer peer, Destination destination, IPAddress address, EgressVerdict allowed) =>
        throw new NotImplementedException();

    /// <summary>Judges a question for a name, by the rule of section <c>Egress:Dns</c>.</summary>
    public EgressVerdict JudgeQuestion(EgressPeer peer, HostName name) => throw new NotImplementedException();
}
