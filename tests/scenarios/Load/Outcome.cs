namespace ParentProxy.Scenarios.Load;

/// <summary>How a request ended for its client.</summary>
internal enum Outcome
{
    /// <summary>200, and the answer to this request.</summary>
    Ok,

    /// <summary>The answer began and did not end.</summary>
    Cut,

    /// <summary>502.</summary>
    BadGateway,

    /// <summary>503.</summary>
    Unavailable,

    /// <summary>504.</summary>
    GatewayTimeout,

    /// <summary>Any other status.</summary>
    OtherStatus,

    /// <summary>The connection ended, or none came about, before the answer began.</summary>
    Reset,

    /// <summary>Nothing, for longer than a client waits.</summary>
    Timeout,

    /// <summary>200, but the answer to another request.</summary>
    Mixed,
}
