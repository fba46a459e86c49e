using System.Net;
using ParentProxy.Configuration;
using ParentProxy.Sockets;

namespace ParentProxy.Egress.Tunnels;

/// <summary>A connection to a destination.</summary>
/// <param name="Socket">The connection, which whoever has this closes.</param>
/// <param name="Address">Where it leads: the very address that was judged.</param>
/// <param name="Rule">The rule that allowed it.</param>
internal sealed record ConnectedDestination(LoopSocket Socket, IPEndPoint Address, EgressRuleOptions Rule);
