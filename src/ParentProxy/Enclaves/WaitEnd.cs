namespace ParentProxy.Enclaves;

/// <summary>How the wait for an enclave ended.</summary>
internal enum WaitEnd
{
    /// <summary>One is usable; or one was all the time, and there is news of it or of another.</summary>
    Usable,

    /// <summary>The time was over.</summary>
    TimedOut,

    /// <summary>As many wait as may: <c>Retry:MaxWaiting</c>.</summary>
    TooMany,
}
