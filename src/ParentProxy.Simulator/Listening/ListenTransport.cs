namespace ParentProxy.Simulator.Listening;

/// <summary>What carries the bytes.</summary>
internal enum ListenTransport
{
    /// <summary>AF_VSOCK, on a machine that has it: <c>vsock://CID:PORT</c>.</summary>
    Vsock,

    /// <summary>TCP on an IP address: <c>tcp://ADDRESS:PORT</c>.</summary>
    Tcp,

    /// <summary>A unix socket, whose bytes are HTTP from the first: <c>unix:/path</c>.</summary>
    Unix,

    /// <summary>A unix socket with the handshake of Firecracker's vsock device.</summary>
    Hybrid,
}
