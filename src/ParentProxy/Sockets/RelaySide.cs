namespace ParentProxy.Sockets;

/// <summary>The sides of a <see cref="SocketRelay"/>.</summary>
internal enum RelaySide
{
    /// <summary>The side of the client.</summary>
    Front,

    /// <summary>The side of the enclave.</summary>
    Back,
}
