using ParentProxy.Egress;

namespace ParentProxy.Admin;

/// <summary>A listener for enclaves as the admin listener shows it.</summary>
/// <param name="Listen">The address, as it is configured.</param>
/// <param name="Service">What it is for.</param>
/// <param name="Accepting">Whether a new connection is let in.</param>
/// <param name="Reason">Why not; null when it is.</param>
/// <param name="Connections">Connections that are open.</param>
internal sealed record EgressListenerView(string Listen, string Service, bool Accepting, string? Reason, int Connections)
{
    /// <summary>A listener at this moment.</summary>
    public static EgressListenerView Of(EgressListener listener)
    {
        var reason = listener.Refusal;
        return new EgressListenerView(
            listener.Name, EgressSection.Service(listener.Options), reason is null, reason, listener.Connections);
    }
}
