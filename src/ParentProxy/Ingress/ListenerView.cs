using ParentProxy.Ingress.Kestrel;

namespace ParentProxy.Ingress;

/// <summary>A public listener as the admin listener shows it.</summary>
/// <param name="Endpoint">Address and port, or path of the socket.</param>
/// <param name="Accepting">Whether a new connection is let in.</param>
/// <param name="Reason">Why not.</param>
/// <param name="Connections">Connections that are open.</param>
/// <param name="Rejected">Connections that were closed at once over <c>Limits:MaxConnections</c>.</param>
internal sealed record ListenerView(string Endpoint, bool Accepting, string? Reason, int Connections, long Rejected)
{
    /// <summary>What the admin pages show of a listener at this moment.</summary>
    public static ListenerView Of(IngressListener listener)
    {
        var reason = listener.Refusal;
        return new(listener.EndPoint.ToString() ?? "", reason is null, reason, listener.Connections, listener.Rejected);
    }
}
