namespace ParentProxy.Inside.Application;

/// <summary>What the application is doing.</summary>
internal enum ApplicationState
{
    /// <summary>It was started, and has not shown yet that it serves.</summary>
    Starting,

    Ready,

    /// <summary>It has ended, and will be started again.</summary>
    Down,

    /// <summary>It was told to end, and has not yet.</summary>
    Stopping,

    /// <summary>It has ended for good, or will never be started.</summary>
    Exited,
}
