using System.Net;

namespace ParentProxy.Egress.Resolving;

/// <summary>What a name leads to.</summary>
/// <param name="Addresses">Its addresses, IPv6 and IPv4 in turn as they are to be tried; at least one.</param>
/// <param name="Stale">Why no resolver has told them anew although their time is over; null while it is not.</param>
/// <param name="IsLocal">Whether they are of this machine's own file, of which enclaves know nothing.</param>
internal sealed record ResolvedHost(IReadOnlyList<IPAddress> Addresses, string? Stale = null, bool IsLocal = false);
