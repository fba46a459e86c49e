namespace ParentProxy.Configuration;

/// <summary>Section <c>Egress:Logs</c>: lines that enclaves write.</summary>
internal sealed record EgressLogsOptions : EgressListenerOptions
{
    /// <summary>The longest line, in bytes; the rest of a longer one is left out.</summary>
    public int MaxLineBytes { get; init; } = 16 * 1024;

    /// <summary>Lines a second that an enclave may write, over which they are counted and dropped.</summary>
    public int LinesPerSecond { get; init; } = 500;
}
