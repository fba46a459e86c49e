namespace ParentProxy.Capabilities;

/// <summary>A listener for clients as the admin listener shows it.</summary>
/// <param name="Endpoint">Address and port, or path of the socket.</param>
/// <param name="Accepting">Whether a new connection is let in.</param>
/// <param name="Reason">Why not.</param>
/// <param name="Connections">Connections that are open.</param>
/// <param name="Rejected">Connections that were closed at once over a limit, or before they had reached an enclave.</param>
internal sealed record ListenerView(string Endpoint, bool Accepting, string? Reason, int Connections, long Rejected);
