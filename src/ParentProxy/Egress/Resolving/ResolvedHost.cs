using System.Net;

namespace ParentProxy.Egress.Resolving;

/// <summary>What a name leads to.</summary>
/// <param name="Addresses">Its addresses, IPv6 and IPv4 in turn as they are to be tried; at least one.</param>
/// <param name="IsStale">Whether their time is over, and no resolver answered.</param>
internal sealed record ResolvedHost(IReadOnlyList<IPAddress> Addresses, bool IsStale);
