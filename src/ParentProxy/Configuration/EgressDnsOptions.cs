using System.Net;

namespace ParentProxy.Configuration;

/// <summary>Section <c>Egress:Dns</c>: names for enclaves, over streams, framed or bare.</summary>
internal sealed record EgressDnsOptions : EgressListenerOptions
{
    /// <summary>The resolvers that are asked, in this order; null: those of <c>/etc/resolv.conf</c> (<c>system</c>).</summary>
    public IReadOnlyList<IPEndPoint>? Upstreams { get; init; }

    /// <summary>
    /// Which names are answered: null: those that a rule of <c>Allow</c> names for that enclave (<c>egress-hosts</c>); <c>*</c> among
    /// them: every name (<c>any</c>).
    /// </summary>
    public IReadOnlyList<EgressHostPattern>? Allow { get; init; }

    /// <summary>How many answers are remembered; 0 for none.</summary>
    public int CacheEntries { get; init; } = 10_000;
}
