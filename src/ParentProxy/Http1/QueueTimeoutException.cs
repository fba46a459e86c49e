namespace ParentProxy.Http1;

/// <summary>All connections stayed busy for as long as a request may wait for one. Nothing was sent.</summary>
/// <param name="limit">How long that is.</param>
internal sealed class QueueTimeoutException(TimeSpan limit)
    : TimeoutException(FormattableString.Invariant($"no connection to it became free within {limit.TotalSeconds:0.###} s"))
{
    /// <summary>What it is called in logs.</summary>
    public const string Code = "timeout";
}
