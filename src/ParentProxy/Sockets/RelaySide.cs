namespace ParentProxy.Sockets;

/// <summary>The sides of a <see cref="SocketRelay"/>.</summary>
internal enum RelaySide
{
    /// <summary>The client's.</summary>
    Front,

    /// <summary>The enclave's.</summary>
    Back,
}
