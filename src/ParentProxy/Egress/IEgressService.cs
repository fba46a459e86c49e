namespace ParentProxy.Egress;

/// <summary>What a listener of egress does with its connections.</summary>
internal interface IEgressService
{
    /// <summary>
    /// Whether a stop waits for its connections as long as <c>Timeouts:Drain</c>, since they carry what others have begun; those of
    /// other services end with it.
    /// </summary>
    bool IsDrained => false;

    /// <summary>
    /// Serves a connection to its end. What goes wrong with it is said by the service; a socket that is over (a
    /// <see cref="System.Net.Sockets.SocketException"/> or <see cref="IOException"/>) may be thrown, and is no news.
    /// </summary>
    /// <param name="connection">The connection. Its socket is closed in order when this returns, unless it was taken.</param>
    /// <param name="cut">Fires when the connection has to end: see <see cref="IsDrained"/>.</param>
    Task ServeAsync(EgressConnection connection, CancellationToken cut);
}
