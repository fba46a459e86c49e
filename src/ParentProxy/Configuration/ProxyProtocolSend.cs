namespace ParentProxy.Configuration;

/// <summary>Whether the enclave gets a header of the PROXY protocol before the first byte of the client.</summary>
internal enum ProxyProtocolSend
{
    /// <summary>No: bytes are all that it gets.</summary>
    None,

    /// <summary>A line of text with the addresses.</summary>
    V1,

    /// <summary>The binary form, with the TLVs of the header that was accepted.</summary>
    V2,
}
