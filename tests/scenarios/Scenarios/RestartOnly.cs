using ParentProxy.Scenarios.Report;

namespace ParentProxy.Scenarios.Scenarios;

/// <summary>The everyday case: the only enclave restarts.</summary>
internal sealed class RestartOnly : Scenario
{
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public override string Name => "restart-only";

    /// <inheritdoc/>
    public override string Title => "the only enclave is killed, and back after 0.8 s";

    /// <inheritdoc/>
    public override int Enclaves => 1;

    /// <inheritdoc/>
    public override TimeSpan Length => TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public override async Task PlayAsync(Stage stage, CancellationToken cancellationToken)
    {
        await stage.ReachAsync(2, cancellationToken);
        stage.Break(stage.Enclaves[0]);
        stage.Enclaves[0].Kill();
        await stage.ReachAsync(2.8, cancellationToken);
        stage.Enclaves[0].Start();
        stage.Mend();
    }

    /// <inheritdoc/>
    public override IEnumerable<Bar> Bars(Figures figures) =>
    [
        Bar.NoFailedGet(figures),
        Bar.NoLostPost(figures),
        Bar.NoDuplicate(figures),
        Bar.Within("requests are answered promptly again", figures.RecoveredAfter, Recovery),
    ];
}
