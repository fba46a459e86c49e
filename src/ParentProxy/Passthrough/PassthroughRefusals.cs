using System.Text.Json;

namespace ParentProxy.Passthrough;

/// <summary>Why connections are refused: the words for it in metrics and in the log.</summary>
internal static class PassthroughRefusals
{
    private static readonly PassthroughRefusal[] Reasons = Enum.GetValues<PassthroughRefusal>();
    private static readonly string[] Words = [.. Reasons.Select(reason => JsonNamingPolicy.SnakeCaseLower.ConvertName(reason.ToString()))];

    /// <summary>Every reason, in the order of its number.</summary>
    public static IReadOnlyList<PassthroughRefusal> All => Reasons;

    /// <summary>A reason in the log and as a label.</summary>
    public static string Word(PassthroughRefusal reason) => Words[(int)reason];
}
