namespace ParentProxy.Scenarios.Fronts;

/// <summary>What stands between clients and enclaves, in a process of its own.</summary>
internal interface IFront : IAsyncDisposable
{
    /// <summary>Where clients connect on 127.0.0.1.</summary>
    int Port { get; }

    /// <summary>What it said since its start.</summary>
    IReadOnlyList<string> Log { get; }
}
