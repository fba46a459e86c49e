using ParentProxy.Scenarios.Enclaves;
using ParentProxy.Scenarios.Report;

namespace ParentProxy.Scenarios.Scenarios;

/// <summary>An enclave whose application crashes with every connection.</summary>
internal sealed class ResetsAtOnce : Scenario
{
    private static readonly TimeSpan Out = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public override string Name => "faults-reset";

    /// <inheritdoc/>
    public override string Title => "one of two enclaves resets its connections, and every new one at once";

    /// <inheritdoc/>
    public override TimeSpan Length => TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public override async Task PlayAsync(Stage stage, CancellationToken cancellationToken)
    {
        await stage.ReachAsync(2, cancellationToken);
        stage.Break(stage.Enclaves[0]);
        stage.Enclaves[0].Switch(EnclaveMode.ResetAtOnce);
    }

    /// <inheritdoc/>
    public override IEnumerable<Bar> Bars(Figures figures) =>
    [
        Bar.NoFailedGet(figures),
        Bar.NoLostPost(figures),
        Bar.NoDuplicate(figures),
        Bar.Within("it is out of the rotation", figures.OutAfter, Out),
    ];
}
