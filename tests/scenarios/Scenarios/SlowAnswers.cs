using ParentProxy.Scenarios.Enclaves;
using ParentProxy.Scenarios.Report;

namespace ParentProxy.Scenarios.Scenarios;

/// <summary>Long work is work: nobody may repeat it, and who does it is well.</summary>
internal sealed class SlowAnswers : Scenario
{
    /// <inheritdoc/>
    public override string Name => "faults-slow";

    /// <inheritdoc/>
    public override string Title => "one of two enclaves takes 3 s for each request, and nothing for its probe";

    /// <inheritdoc/>
    public override TimeSpan Length => TimeSpan.FromSeconds(7);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Compared => [Measure.FailedGets, Measure.LostPosts, Measure.Duplicates];

    /// <inheritdoc/>
    public override async Task PlayAsync(Stage stage, CancellationToken cancellationToken)
    {
        await stage.ReachAsync(1, cancellationToken);
        stage.Break(stage.Enclaves[0]);
        stage.Enclaves[0].Switch(EnclaveMode.Slow);
        // Its answers come in bursts, 3 s apart: the middle of the fault is to lie between two of them.
        await stage.ReachAsync(6, cancellationToken);
        stage.Mend();
    }

    /// <inheritdoc/>
    public override IEnumerable<Bar> Bars(Figures figures) =>
    [
        Bar.NoFailedGet(figures),
        Bar.Of("no POST fails", figures.FailedPosts == 0, $"{figures.FailedPosts} of {figures.Posts}"),
        Bar.NoRetry(figures),
        Bar.Of(
            "the enclave stays in the rotation",
            figures.ArrivalsAtTheEndOfFault > 0,
            $"{figures.ArrivalsAtTheEndOfFault} requests in the last half of the fault"),
    ];
}
