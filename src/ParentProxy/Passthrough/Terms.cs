namespace ParentProxy.Passthrough;

/// <summary>How ends and refusals are called in metrics and logs.</summary>
internal static class Terms
{
    /// <summary>Every end, to show series at 0.</summary>
    public static IReadOnlyList<ConnectionEnd> Ends { get; } = Enum.GetValues<ConnectionEnd>();

    /// <summary>Every refusal, to show series at 0.</summary>
    public static IReadOnlyList<PassthroughRefusal> Refusals { get; } = Enum.GetValues<PassthroughRefusal>();

    /// <summary>The label of an end.</summary>
    public static string Label(ConnectionEnd end) => end switch
    {
        ConnectionEnd.Client => "client",
        ConnectionEnd.Enclave => "enclave",
        ConnectionEnd.ClientReset => "client_reset",
        ConnectionEnd.EnclaveReset => "enclave_reset",
        ConnectionEnd.Idle => "idle",
        ConnectionEnd.HalfClosed => "half_closed",
        ConnectionEnd.Stalled => "stalled",
        ConnectionEnd.EnclaveLeft => "enclave_left",
        ConnectionEnd.Stopped => "stopped",
        _ => "fault",
    };

    /// <summary>The label of a refusal.</summary>
    public static string Label(PassthroughRefusal refusal) => refusal switch
    {
        PassthroughRefusal.Limit => "limit",
        PassthroughRefusal.SourceLimit => "source_limit",
        PassthroughRefusal.ProxyProtocol => "proxy_protocol",
        PassthroughRefusal.ClientHello => "client_hello",
        PassthroughRefusal.ServerName => "server_name",
        PassthroughRefusal.PrereadTimeout => "preread_timeout",
        PassthroughRefusal.NoEnclave => "no_enclave",
        _ => "stopped",
    };

    /// <summary>An end in words, for the log.</summary>
    /// <param name="end">The end.</param>
    /// <param name="errno">How a connection broke, by the errno's name; null when it did not.</param>
    public static string Sentence(ConnectionEnd end, string? errno) => end switch
    {
        ConnectionEnd.Client => "the client closed it",
        ConnectionEnd.Enclave => "the enclave closed it",
        ConnectionEnd.ClientReset => $"the client's connection broke ({errno})",
        ConnectionEnd.EnclaveReset => $"the enclave's connection broke ({errno})",
        ConnectionEnd.Idle => "nothing moved for IdleTimeout",
        ConnectionEnd.HalfClosed => "one side had closed, and nothing came from the other for HalfCloseTimeout",
        ConnectionEnd.Stalled => "both sides sent, and neither read anything for StallTimeout",
        ConnectionEnd.EnclaveLeft => "the enclave had left the configuration, and Timeouts:Drain was over",
        ConnectionEnd.Stopped => "the program stopped, and Timeouts:Drain was over",
        _ => "a fault of this program",
    };

    /// <summary>Whether an end is in order, so that it is no news where only errors are.</summary>
    public static bool IsOrderly(ConnectionEnd end) => end is ConnectionEnd.Client or ConnectionEnd.Enclave or ConnectionEnd.Idle;
}
