namespace ParentProxy.Inside.Application;

/// <summary>What became of the wait for an application to serve.</summary>
internal enum ReadinessResult
{
    Ready,

    /// <summary>It has ended before that, or was told to.</summary>
    Ended,

    /// <summary>It took too long, and was told to end.</summary>
    TimedOut,
}
