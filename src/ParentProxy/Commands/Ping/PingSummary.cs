namespace ParentProxy.Commands.Ping;

/// <summary>The last line of the JSON.</summary>
/// <param name="Statistics">Of each enclave.</param>
internal sealed record PingSummary(IReadOnlyList<PingStatistics> Statistics);
