namespace ParentProxy.Inside.Bridges;

/// <summary>What a connection came to: the label <c>result</c>.</summary>
internal enum BridgeResult
{
    /// <summary>Both directions ended in order.</summary>
    Ok,

    /// <summary>It was carried, until one side broke.</summary>
    Reset,

    /// <summary>It was carried, until nothing moved for <c>IdleTimeout</c> or <c>HalfCloseTimeout</c>.</summary>
    Idle,

    /// <summary>The program stopped, and its time was over.</summary>
    Cut,

    /// <summary>Whoever had connected was gone before there was anybody to carry it to.</summary>
    Left,

    /// <summary>Nobody listens where it goes.</summary>
    Refused,

    /// <summary>Where it goes did not answer within <c>ConnectTimeout</c>.</summary>
    Timeout,

    /// <summary>Too many are open, or no descriptor was left.</summary>
    Limit,

    /// <summary>Its PROXY header is missing, late or malformed.</summary>
    Header,

    /// <summary>The parent's HTTP proxy answered with another status than one of success.</summary>
    Denied,

    /// <summary>Another failure where it goes; the log has the errno.</summary>
    Error,

    /// <summary>A fault of this program.</summary>
    Fault,
}
