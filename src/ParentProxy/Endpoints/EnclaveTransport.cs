namespace ParentProxy.Endpoints;

/// <summary>What carries the bytes between this host and an enclave.</summary>
internal enum EnclaveTransport
{
    /// <summary>AF_VSOCK: CID and port.</summary>
    Vsock,

    /// <summary>TCP: host name or address and port.</summary>
    Tcp,

    /// <summary>A unix domain socket.</summary>
    Unix,

    /// <summary>
    /// Firecracker's hybrid vsock: a unix domain socket on which <c>CONNECT port</c> is answered with <c>OK n</c>
    /// before the bytes flow.
    /// </summary>
    Hybrid,
}
