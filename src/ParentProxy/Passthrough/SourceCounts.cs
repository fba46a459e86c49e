using System.Net;

namespace ParentProxy.Passthrough;

/// <summary>How many connections are open from each address. An IPv4-mapped one counts as IPv4.</summary>
internal sealed class SourceCounts
{
    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, int> _open = [];

    /// <summary>One more is open from an address; false when there are as many as may be.</summary>
    /// <param name="source">The address.</param>
    /// <param name="limit">How many may be open.</param>
    public bool TryAdd(IPAddress source, int limit)
    {
        source = Unmapped(source);
        lock (_gate)
        {
            var open = _open.GetValueOrDefault(source);
            if (open >= limit)
                return false;
            _open[source] = open + 1;
            return true;
        }
    }

    /// <summary>One that <see cref="TryAdd"/> has let in is closed.</summary>
    public void Remove(IPAddress source)
    {
        source = Unmapped(source);
        lock (_gate)
        {
            if (_open[source] == 1)
                _open.Remove(source);
            else
                _open[source]--;
        }
    }

    private static IPAddress Unmapped(IPAddress source) => source.IsIPv4MappedToIPv6 ? source.MapToIPv4() : source;
}
