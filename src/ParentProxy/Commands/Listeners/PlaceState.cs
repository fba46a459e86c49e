namespace ParentProxy.Commands.Listeners;

/// <summary>How it stands with a place where the proxy is to listen.</summary>
internal enum PlaceState
{
    /// <summary>Nobody listens there, and the proxy could.</summary>
    Free,

    /// <summary>The running proxy listens there.</summary>
    Ours,

    /// <summary>Another program listens there.</summary>
    Taken,

    /// <summary>It cannot be had: no such address, no such folder.</summary>
    Impossible,

    /// <summary>This user could not, which says nothing about the service.</summary>
    Untried,
}
