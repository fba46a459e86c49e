namespace ParentProxy.Dns;

/// <summary>How reading the front of some bytes as a message ended.</summary>
internal enum DnsWalk
{
    /// <summary>It is a message, behind which there may be more.</summary>
    Complete,

    /// <summary>So far it could be one.</summary>
    Incomplete,

    /// <summary>Whatever follows, it is none.</summary>
    Malformed,
}
