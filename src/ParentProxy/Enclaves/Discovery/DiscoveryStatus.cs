namespace ParentProxy.Enclaves.Discovery;

/// <summary>How discovery is doing.</summary>
/// <param name="Calls">Calls of nitro-cli that ended.</param>
/// <param name="Failures">Those of them that failed.</param>
/// <param name="LastSuccess">When a call last succeeded.</param>
/// <param name="Failure">Why the last call failed; null when it succeeded or there was none.</param>
internal sealed record DiscoveryStatus(long Calls, long Failures, DateTimeOffset? LastSuccess, DescribeFailure? Failure)
{
    /// <summary>Counts a call that ended.</summary>
    public DiscoveryStatus After(DescribeResult result, DateTimeOffset now) => new(
        Calls + 1,
        result.Failure is null ? Failures : Failures + 1,
        result.Failure is null ? now : LastSuccess,
        result.Failure);
}
