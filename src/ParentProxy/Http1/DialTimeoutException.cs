namespace ParentProxy.Http1;

/// <summary>No connection was open, and no dial came to an end within the time that the request had for it. Nothing was sent.</summary>
/// <param name="limit">How long that was.</param>
internal sealed class DialTimeoutException(TimeSpan limit)
    : TimeoutException(FormattableString.Invariant($"no connection to it came about within {limit.TotalSeconds:0.###} s"))
{
    /// <summary>The time that the request had for a dial.</summary>
    public TimeSpan Limit { get; } = limit;
}
