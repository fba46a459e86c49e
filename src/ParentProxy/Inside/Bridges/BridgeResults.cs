using System.Text.Json;

namespace ParentProxy.Inside.Bridges;

/// <summary>What connections come to, in the words of metrics and log.</summary>
internal static class BridgeResults
{
    private static readonly string[] Words =
        [.. Enum.GetNames<BridgeResult>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)];

    public static IReadOnlyList<BridgeResult> All { get; } = Enum.GetValues<BridgeResult>();

    /// <summary>The word for one.</summary>
    public static string Word(BridgeResult result) => Words[(int)result];

    /// <summary>What a dial that failed is counted as.</summary>
    /// <param name="code">The errno's name, or <c>timeout</c>.</param>
    public static BridgeResult Of(string code) => code switch
    {
        // A vsock without a listener answers with a reset.
        "ECONNREFUSED" or "ECONNRESET" or "ENOENT" => BridgeResult.Refused,
        "timeout" or "ETIMEDOUT" => BridgeResult.Timeout,
        "EMFILE" or "ENFILE" => BridgeResult.Limit,
        _ => BridgeResult.Error,
    };
}
