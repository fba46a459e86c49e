namespace ParentProxy.Inside.Clock;

/// <summary>How a comparison ended: the label <c>result</c> of the metric.</summary>
internal enum ClockCheckResult
{
    /// <summary>The difference is known.</summary>
    Compared,

    /// <summary>The parent's clock is set by nobody, so that a difference says nothing.</summary>
    Unsynchronized,

    /// <summary>The parent was away, or answered something else.</summary>
    Failed,
}
