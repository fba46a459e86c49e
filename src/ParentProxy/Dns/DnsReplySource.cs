namespace ParentProxy.Dns;

/// <summary>Where an answer has come from.</summary>
internal enum DnsReplySource
{
    Resolver,
    Memory,

    /// <summary>Memory, its time over, since no resolver knew or could be asked.</summary>
    Stale,
}
