namespace ParentProxy.Tls;

internal enum ClientHelloStatus
{
    /// <summary>More bytes are needed; what came so far may still become a ClientHello.</summary>
    Incomplete,

    /// <summary>The first bytes are not those of a TLS handshake: another protocol, or SSL 2.</summary>
    NotTls,

    Complete,

    /// <summary>It begins as TLS does, and then breaks a rule or a limit.</summary>
    Malformed,
}
