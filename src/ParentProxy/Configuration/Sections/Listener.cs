using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration.Sections;

/// <summary>A listener of the configuration.</summary>
/// <param name="Location">Where its URL was written.</param>
/// <param name="Address">What it binds to.</param>
internal sealed record Listener(string Location, ListenerAddress Address)
{
    /// <summary>The name among <c>Kestrel:Endpoints</c>; empty for one that is none of these.</summary>
    public string Name { get; init; } = "";

    /// <summary>Whether connections begin with a header.</summary>
    public ProxyProtocolOptions ProxyProtocol { get; init; } = new();

    /// <summary>Reports listeners that want the same address.</summary>
    public static void CheckOverlaps(IReadOnlyList<Listener> listeners, ConfigurationReport report)
    {
        for (var i = 1; i < listeners.Count; i++)
        {
            if (listeners.Take(i).FirstOrDefault(other => other.Address.Overlaps(listeners[i].Address)) is { } taken)
                report.Problem(listeners[i].Location, $"listens where {taken.Location} does");
        }
    }
}
