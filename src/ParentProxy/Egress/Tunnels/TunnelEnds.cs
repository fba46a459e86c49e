namespace ParentProxy.Egress.Tunnels;

/// <summary>How tunnels end: the words for it in the log.</summary>
internal static class TunnelEnds
{
    /// <summary>An end in words.</summary>
    /// <param name="end">The end.</param>
    /// <param name="errno">How a connection broke, by the errno's name; null when it did not.</param>
    public static string Sentence(TunnelEnd end, string? errno) => end switch
    {
        TunnelEnd.Enclave => "the enclave closed it",
        TunnelEnd.Destination => "the destination closed it",
        TunnelEnd.EnclaveReset => $"the enclave's connection broke ({errno})",
        TunnelEnd.DestinationReset => $"the destination's connection broke ({errno})",
        TunnelEnd.Idle => "nothing moved for Egress:IdleTimeout",
        TunnelEnd.HalfClosed => "one side had closed, and nothing came from the other for Egress:HalfCloseTimeout",
        TunnelEnd.Stopped => "the program stopped, and Timeouts:Drain was over",
        _ => "a fault of this program",
    };

    /// <summary>Whether an end is in order.</summary>
    public static bool IsOrderly(TunnelEnd end) => end is TunnelEnd.Enclave or TunnelEnd.Destination or TunnelEnd.Idle;
}
