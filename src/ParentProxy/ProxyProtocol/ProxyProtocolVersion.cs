namespace ParentProxy.ProxyProtocol;

/// <summary>The two forms of the header in HAProxy's <c>proxy-protocol.txt</c>: their numbers are those of the protocol.</summary>
internal enum ProxyProtocolVersion
{
    /// <summary>One line of text (§2.1), which has no room for anything but the addresses.</summary>
    V1 = 1,

    /// <summary>Binary (§2.2), with TLVs behind the addresses.</summary>
    V2 = 2,
}
