namespace ParentProxy.Configuration;

/// <summary>Whether connections begin with a header of the PROXY protocol, which a load balancer in front puts there.</summary>
internal enum ProxyProtocolAccept
{
    /// <summary>No: the first byte is the client's, whatever it is.</summary>
    None,

    /// <summary>Those from a trusted source may: without a header, and from any other source, the first byte is the client's.</summary>
    Optional,

    /// <summary>All do, and come from a trusted source: any other is closed.</summary>
    Required,
}
