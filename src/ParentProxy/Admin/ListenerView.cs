using ParentProxy.Ingress;

namespace ParentProxy.Admin;

/// <summary>A public listener as the admin listener shows it.</summary>
/// <param name="Endpoint">Address and port, or path of the socket.</param>
/// <param name="Accepting">Whether the port is open.</param>
/// <param name="Connections">Connections that are open.</param>
/// <param name="Rejected">Connections that were closed at once over <c>Limits:MaxConnections</c>.</param>
internal sealed record ListenerView(string Endpoint, bool Accepting, int Connections, long Rejected)
{
    /// <summary>Shows a listener.</summary>
    public static ListenerView Of(IngressListener listener) =>
        new(listener.EndPoint.ToString() ?? "", listener.IsAccepting, listener.Connections, listener.Rejected);
}
