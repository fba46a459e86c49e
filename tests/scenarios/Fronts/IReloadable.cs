namespace ParentProxy.Scenarios.Fronts;

/// <summary>A front whose file says which enclaves there are.</summary>
internal interface IReloadable
{
    /// <summary>Changes the enclaves by what the front has for this: its file and a signal. Returns when that is in effect.</summary>
    Task ReloadAsync(IReadOnlyList<Backend> backends, CancellationToken cancellationToken);

    /// <summary>The same with a file that has mistakes; returns when it was read.</summary>
    Task ReloadBadlyAsync(CancellationToken cancellationToken);
}
