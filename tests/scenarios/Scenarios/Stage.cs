using ParentProxy.Scenarios.Enclaves;
using ParentProxy.Scenarios.Fronts;
using ParentProxy.Scenarios.Wire;

namespace ParentProxy.Scenarios.Scenarios;

/// <summary>One run of a scenario with one front.</summary>
internal sealed class Stage : IDisposable
{
    private readonly List<SimulatedEnclave> _enclaves = [];

    /// <summary>The time.</summary>
    public RunClock Clock { get; } = new();

    /// <summary>What came to the enclaves.</summary>
    public Ledger Ledger { get; }

    /// <summary>The front; there is none before it was started.</summary>
    public IFront Front { get; set; } = null!;

    /// <summary>The enclaves, in the order of their start.</summary>
    public IReadOnlyList<SimulatedEnclave> Enclaves => _enclaves;

    /// <summary>What went wrong, when, with whom.</summary>
    public Fault? Fault { get; private set; }

    /// <summary>A stage with so many enclaves.</summary>
    public Stage(int enclaves)
    {
        Ledger = new Ledger(Clock);
        for (var i = 0; i < enclaves; i++)
            AddEnclave();
    }

    /// <summary>Boots another enclave.</summary>
    public SimulatedEnclave AddEnclave()
    {
        var enclave = new SimulatedEnclave(((char)('a' + _enclaves.Count)).ToString(), Ledger);
        enclave.Start();
        _enclaves.Add(enclave);
        return enclave;
    }

    /// <summary>The enclaves for a front's configuration: all, or those that are given.</summary>
    public IReadOnlyList<Backend> Backends(params IEnumerable<int> which) =>
        [.. (which.Any() ? which : Enumerable.Range(0, _enclaves.Count)).Select(i => new Backend(_enclaves[i].Name, _enclaves[i].Port))];

    /// <summary>Waits for a second of the run.</summary>
    public Task ReachAsync(double second, CancellationToken cancellationToken) =>
        Clock.ReachAsync(TimeSpan.FromSeconds(second), cancellationToken);

    /// <summary>From now on, these fail.</summary>
    public void Break(params IEnumerable<SimulatedEnclave> enclaves) =>
        Fault = new Fault(enclaves.Select(e => e.Name).ToHashSet(), Clock.Now, null);

    /// <summary>From now on, they do no longer.</summary>
    public void Mend() => Fault = Fault! with { Until = Clock.Now };

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var enclave in _enclaves)
            enclave.Dispose();
    }
}
