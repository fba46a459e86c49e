using System.Text.Json;

namespace ParentProxy.Passthrough;

/// <summary>How connections end: the words for it in metrics and in the log.</summary>
internal static class ConnectionEnds
{
    private static readonly ConnectionEnd[] Ends = Enum.GetValues<ConnectionEnd>();
    private static readonly string[] Words = [.. Ends.Select(end => JsonNamingPolicy.SnakeCaseLower.ConvertName(end.ToString()))];

    /// <summary>Every end, in the order of its number.</summary>
    public static IReadOnlyList<ConnectionEnd> All => Ends;

    /// <summary>An end as a label.</summary>
    public static string Word(ConnectionEnd end) => Words[(int)end];

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
