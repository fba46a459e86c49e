namespace ParentProxy.Dns;

/// <summary>Knows the answers to questions, or asks who does.</summary>
internal interface IDnsUpstream
{
    /// <summary>Passes a question on, with all that it says but its id, until somebody knows or the time is over. Never fails.</summary>
    Task<UpstreamResult> AskAsync(DnsQuery query);
}
