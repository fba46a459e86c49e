using System.Net;
using System.Net.Sockets;
using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>A section <c>ProxyProtocol</c>: how a listener tells, and is told, who the client is.</summary>
internal sealed record ProxyProtocolOptions
{
    /// <summary>Whether connections begin with a header.</summary>
    public ProxyProtocolAccept Accept { get; init; }

    /// <summary>Whether the enclave gets one; only where bytes are forwarded as they are.</summary>
    public ProxyProtocolSend Send { get; init; }

    /// <summary>Networks of the load balancers whose headers are believed.</summary>
    public IReadOnlyList<IPNetwork> TrustedSources { get; init; } = new ForwardedHeadersOptions().TrustedProxies;

    public static ProxyProtocolOptions Read(SectionReader section, bool canSend)
    {
        var defaults = new ProxyProtocolOptions();
        var accept = section.Enum(defaults.Accept);
        var sources = section.Ask(nameof(TrustedSources));
        if (accept == ProxyProtocolAccept.None && sources.IsSet)
            section.Report.Warning(sources.Location, $"has no effect without {nameof(Accept)}: no header is read");
        if (!canSend)
            section.Refuse(nameof(Send), "is for Passthrough only: HTTP tells the client's address in X-Forwarded-For");
        return new ProxyProtocolOptions
        {
            Accept = accept,
            Send = canSend ? section.Enum(defaults.Send) : defaults.Send,
            TrustedSources = section.List(defaults.TrustedSources, Values.Network),
        };
    }

    /// <summary>
    /// Whether a header from this peer is believed. On a unix socket always: who may connect is a matter of the file's
    /// permissions.
    /// </summary>
    /// <param name="peer">The remote end of the socket that was accepted.</param>
    public bool Trusts(EndPoint? peer) => peer is IPEndPoint ip ? Trusts(ip.Address) : peer is UnixDomainSocketEndPoint;

    /// <summary>Whether a header from this peer would be read and believed, so that it may say who the client is.</summary>
    public bool MayTell(EndPoint? peer) => Accept != ProxyProtocolAccept.None && Trusts(peer);

    /// <summary>Whether an address is in one of the networks; an IPv4-mapped one counts as IPv4.</summary>
    public bool Trusts(IPAddress address)
    {
        var unmapped = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        foreach (var network in TrustedSources)
        {
            if (network.Contains(unmapped))
                return true;
        }

        return false;
    }

    /// <summary>The networks are compared one by one: a reload that changes nothing is none.</summary>
    public bool Equals(ProxyProtocolOptions? other) =>
        other is not null && Accept == other.Accept && Send == other.Send && TrustedSources.SequenceEqual(other.TrustedSources);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Accept, Send, TrustedSources.Count);
}
