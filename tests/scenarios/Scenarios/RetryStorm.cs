using ParentProxy.Scenarios.Enclaves;
using ParentProxy.Scenarios.Report;

namespace ParentProxy.Scenarios.Scenarios;

/// <summary>Every enclave drops every request: what is repeated then makes it worse.</summary>
internal sealed class RetryStorm : Scenario
{
    private const double Budget = 0.20;
    private const int Floor = 10;

    /// <inheritdoc/>
    public override string Name => "retry-storm";

    /// <inheritdoc/>
    public override string Title => "both enclaves read each request and reset the connection, and answer their probes";

    /// <summary>None: earlier requests would leave their share of the budget.</summary>
    public override TimeSpan WarmUp => TimeSpan.Zero;

    /// <inheritdoc/>
    public override TimeSpan Length => TimeSpan.FromSeconds(7);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Compared => [Measure.Duplicates];

    /// <inheritdoc/>
    public override async Task PlayAsync(Stage stage, CancellationToken cancellationToken)
    {
        await stage.ReachAsync(1, cancellationToken);
        stage.Break(stage.Enclaves);
        foreach (var enclave in stage.Enclaves)
            enclave.Switch(EnclaveMode.ResetAfterReading);
    }

    /// <inheritdoc/>
    public override IEnumerable<Bar> Bars(Figures figures)
    {
        var limit = ((1 + Budget) * figures.Requests) + Floor;
        return
        [
            Bar.Of(
                "attempts stay below requests, the budget and its floor",
                figures.Attempts <= limit,
                $"{figures.Attempts} attempts for {figures.Requests} requests, at most {limit:F0}"),
            Bar.NoDuplicate(figures),
        ];
    }
}
