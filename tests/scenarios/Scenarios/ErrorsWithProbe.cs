using ParentProxy.Scenarios.Enclaves;
using ParentProxy.Scenarios.Report;

namespace ParentProxy.Scenarios.Scenarios;

/// <summary>An application answers 500, to its probe as well: it says itself that it is ill.</summary>
internal sealed class ErrorsWithProbe : Scenario
{
    private static readonly TimeSpan Out = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public override string Name => "faults-probe";

    /// <inheritdoc/>
    public override string Title => "one of two enclaves answers requests and probes with 500";

    /// <inheritdoc/>
    public override TimeSpan Length => TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public override async Task PlayAsync(Stage stage, CancellationToken cancellationToken)
    {
        await stage.ReachAsync(2, cancellationToken);
        stage.Break(stage.Enclaves[0]);
        stage.Enclaves[0].Switch(EnclaveMode.Errors);
    }

    /// <inheritdoc/>
    public override IEnumerable<Bar> Bars(Figures figures) =>
    [
        Bar.Within("it is out of the rotation", figures.OutAfter, Out),
        Bar.Within("clients see their last 500", figures.RecoveredAfter, Out),

        // Some need not arrive: a GET that waits when its enclave leaves the rotation is moved.
        Bar.Of(
            "nothing else fails",
            figures.Failed == figures.ApplicationErrors,
            $"{figures.Failed - figures.ApplicationErrors} of {figures.Requests}"),
        Bar.NoDuplicate(figures),
    ];
}
