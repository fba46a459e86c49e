namespace ParentProxy.ProxyProtocol;

/// <summary>What the first bytes of a connection are. More bytes change nothing but <see cref="Incomplete"/>.</summary>
internal enum ProxyHeaderStatus
{
    /// <summary>They may become a header: wait for more.</summary>
    Incomplete,

    /// <summary>No header begins like this. They are what the client has to say.</summary>
    NoHeader,

    /// <summary>A whole and valid header.</summary>
    Complete,

    /// <summary>They begin like a header and are none: the connection is to be closed.</summary>
    Malformed,
}
