namespace ParentProxy.Passthrough;

/// <summary>Why a connection was closed without having reached an enclave: the label <c>reason</c> of the metric.</summary>
internal enum PassthroughRefusal
{
    /// <summary><c>MaxConnections</c> were open.</summary>
    Limit,

    /// <summary><c>MaxConnectionsPerSource</c> were open from the address.</summary>
    SourceLimit,

    /// <summary>There was no PROXY header where one is required, it was malformed, or the peer is no trusted source.</summary>
    ProxyProtocol,

    /// <summary>It began as TLS does and went on otherwise.</summary>
    ClientHello,

    /// <summary>No entry of <c>Sni</c> takes its server name, or the one that does rejects it.</summary>
    ServerName,

    /// <summary>What is read before an enclave is chosen did not come in time.</summary>
    PrereadTimeout,

    /// <summary>No enclave could be connected to in time.</summary>
    NoEnclave,

    /// <summary>The program stopped meanwhile.</summary>
    Stopped,
}
