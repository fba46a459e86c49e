using System.Net;
using ParentProxy.Dns;

namespace ParentProxy.Egress.Resolving;

/// <summary>What one resolver said to one try.</summary>
/// <param name="Resolver">The resolver.</param>
/// <param name="Message">Its answer; null when there is none.</param>
/// <param name="Code">In one word, as <see cref="UpstreamResult.Code"/>.</param>
/// <param name="Detail">More of it, for an operator.</param>
internal sealed record UpstreamReply(IPEndPoint Resolver, DnsMessage? Message, string Code, string Detail)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Resolver}: {Detail}";
}
