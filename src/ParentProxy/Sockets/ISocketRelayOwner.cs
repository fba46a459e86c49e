namespace ParentProxy.Sockets;

/// <summary>Who runs a <see cref="SocketRelay"/>. Called on the thread of its loop; must not throw or block.</summary>
internal interface ISocketRelayOwner
{
    /// <summary>Whether it goes on with another back when this one ended before a byte was carried.</summary>
    bool MayStartOver();

    /// <summary>It is over. Both sockets are closed, or will be by themselves, unless it ended untouched. Called once.</summary>
    void OnEnded();
}
