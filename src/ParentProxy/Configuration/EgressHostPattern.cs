using System.Net;

namespace ParentProxy.Configuration;

/// <summary>An entry of a rule's <c>Hosts</c>: a name, <c>*.name</c> for all below it, <c>*</c>, an address or a network; and a port.</summary>
/// <param name="Text">As it is written.</param>
/// <param name="Name">The name in its one form, after <c>*.</c> where that was written, or <c>*</c>; null for a network.</param>
/// <param name="IsBelow">Whether the names below <paramref name="Name"/> are meant, and not itself.</param>
/// <param name="Network">The addresses; null for a name.</param>
/// <param name="Port">The port; null for every one.</param>
internal sealed record EgressHostPattern(string Text, string? Name, bool IsBelow, IPNetwork? Network, ushort? Port);
