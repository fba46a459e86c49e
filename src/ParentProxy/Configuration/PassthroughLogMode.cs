namespace ParentProxy.Configuration;

/// <summary>Which connections of a passthrough listener have a line in the log when they end.</summary>
internal enum PassthroughLogMode
{
    /// <summary>All but those that a client opened and closed without sending anything, as health checks do.</summary>
    All,

    /// <summary>Those that did not end in order.</summary>
    Errors,

    /// <summary>None of them.</summary>
    Off,
}
