namespace ParentProxy.Scenarios.Fronts;

/// <summary>What stands between clients and enclaves, in a process of its own.</summary>
internal interface IFront : IAsyncDisposable
{
    /// <summary>Where clients connect on 127.0.0.1.</summary>
    int Port { get; }

    /// <summary>What it said since its start.</summary>
    IReadOnlyList<string> Log { get; }

    /// <summary>Changes the enclaves by what the front has for this: its file and a signal. Returns when that is in effect.</summary>
    Task ReloadAsync(IReadOnlyList<Backend> backends, CancellationToken cancellationToken);

    /// <summary>The same with a file that has mistakes; returns when it was read.</summary>
    Task ReloadBadlyAsync(CancellationToken cancellationToken);
}
