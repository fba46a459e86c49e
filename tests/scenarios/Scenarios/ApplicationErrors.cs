using ParentProxy.Scenarios.Enclaves;
using ParentProxy.Scenarios.Report;

namespace ParentProxy.Scenarios.Scenarios;

/// <summary>An application answers 500: that is its answer.</summary>
internal sealed class ApplicationErrors : Scenario
{
    /// <inheritdoc/>
    public override string Name => "faults-500";

    /// <inheritdoc/>
    public override string Title => "one of two enclaves answers requests with 500 for 2 s, and its probe with 200";

    /// <inheritdoc/>
    public override TimeSpan Length => TimeSpan.FromSeconds(5);

    /// <summary>How many requests fail is the application's doing.</summary>
    public override IReadOnlyList<Measure> Compared => [Measure.Duplicates];

    /// <inheritdoc/>
    public override async Task PlayAsync(Stage stage, CancellationToken cancellationToken)
    {
        await stage.ReachAsync(2, cancellationToken);
        stage.Break(stage.Enclaves[0]);
        stage.Enclaves[0].Switch(EnclaveMode.ErrorsOfTheApplication);
        await stage.ReachAsync(4, cancellationToken);
        stage.Enclaves[0].Switch(EnclaveMode.Normal);
        stage.Mend();
    }

    /// <inheritdoc/>
    public override IEnumerable<Bar> Bars(Figures figures) =>
    [
        Bar.Of(
            "each 500 reaches its client",
            figures.ApplicationErrors == figures.ErrorsSent && figures.ErrorsSent > 0,
            $"{figures.ErrorsSent} sent, {figures.ApplicationErrors} arrived"),
        Bar.Of(
            "nothing else fails",
            figures.Failed == figures.ApplicationErrors,
            $"{figures.Failed - figures.ApplicationErrors} of {figures.Requests}"),
        Bar.NoRetry(figures),
        Bar.Of(
            "the enclave stays in the rotation",
            figures.ArrivalsAtTheEndOfFault > 0,
            $"{figures.ArrivalsAtTheEndOfFault} requests in the last half of the fault"),
    ];
}
