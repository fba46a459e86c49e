using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace ParentProxy.Ingress.Kestrel.Refusals;

/// <summary>Reasons of refusals: their words, and what stands for them elsewhere.</summary>
internal static class RefusalReasons
{
    private static readonly RefusalReason[] Reasons = Enum.GetValues<RefusalReason>();
    private static readonly string[] Words = [.. Reasons.Select(reason => JsonNamingPolicy.SnakeCaseLower.ConvertName(reason.ToString()))];

    /// <summary>Every reason, in the order of its number.</summary>
    public static IReadOnlyList<RefusalReason> All => Reasons;

    /// <summary>A reason in the access log and as a label.</summary>
    public static string Word(RefusalReason reason) => Words[(int)reason];

    /// <summary>The reason behind a status with which Kestrel refuses a head.</summary>
    public static RefusalReason OfHead(int status) => status switch
    {
        StatusCodes.Status405MethodNotAllowed => RefusalReason.Target,
        StatusCodes.Status408RequestTimeout => RefusalReason.HeadTimeout,
        StatusCodes.Status413PayloadTooLarge => RefusalReason.BodySize,
        StatusCodes.Status414UriTooLong => RefusalReason.LineSize,
        StatusCodes.Status431RequestHeaderFieldsTooLarge => RefusalReason.HeadSize,
        StatusCodes.Status505HttpVersionNotsupported => RefusalReason.Version,
        _ => RefusalReason.Head,
    };
}
