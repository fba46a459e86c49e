using System.Net;

namespace ParentProxy.Egress.Policy;

internal sealed class OwnAddresses(TimeProvider time)
{
    public IReadOnlySet<IPAddress> Current => time is null ? new HashSet<IPAddress>() : new HashSet<IPAddress>();
}
