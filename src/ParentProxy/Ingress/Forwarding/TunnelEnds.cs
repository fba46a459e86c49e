using System.Text.Json;

namespace ParentProxy.Ingress.Forwarding;

/// <summary>Ends of upgraded connections: their words, and how a failure ends one.</summary>
internal static class TunnelEnds
{
    private static readonly string[] Words = [.. Enum.GetNames<TunnelEnd>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)];

    /// <summary>An end in the access log and as a label.</summary>
    public static string Word(TunnelEnd end) => Words[(int)end];

    /// <summary>The end that a request has come to which had become a tunnel.</summary>
    /// <param name="failure">How it failed, or null.</param>
    public static TunnelEnd Of(FailureKind? failure) => failure is { } kind ? FailureTable.Of(kind).TunnelEnd : TunnelEnd.Closed;
}
