namespace ParentProxy.Simulator.Listening;

/// <summary>What carries the bytes.</summary>
internal enum ListenTransport
{
    /// <summary>AF_VSOCK.</summary>
    Vsock,

    /// <summary>TCP.</summary>
    Tcp,

    /// <summary>A unix socket.</summary>
    Unix,

    /// <summary>A unix socket with the handshake of Firecracker's vsock device.</summary>
    Hybrid,
}
