using ParentProxy.Scenarios.Report;

namespace ParentProxy.Scenarios.Scenarios;

/// <summary>One of two enclaves dies and comes back.</summary>
internal sealed class KillOne : Scenario
{
    /// <inheritdoc/>
    public override string Name => "kill-one";

    /// <inheritdoc/>
    public override string Title => "one of two enclaves is killed, and back after 2 s";

    /// <inheritdoc/>
    public override TimeSpan Length => TimeSpan.FromSeconds(7);

    /// <inheritdoc/>
    public override async Task PlayAsync(Stage stage, CancellationToken cancellationToken)
    {
        await stage.ReachAsync(2, cancellationToken);
        stage.Break(stage.Enclaves[0]);
        stage.Enclaves[0].Kill();
        await stage.ReachAsync(4, cancellationToken);
        stage.Enclaves[0].Start();
        stage.Mend();
    }

    /// <inheritdoc/>
    public override IEnumerable<Bar> Bars(Figures figures) =>
    [
        Bar.NoFailedGet(figures),
        Bar.NoLostPost(figures),
        Bar.NoDuplicate(figures),
        Bar.Of("the enclave that is back gets requests again", figures.ArrivalsAfterMend > 0, $"{figures.ArrivalsAfterMend} requests"),
    ];
}
