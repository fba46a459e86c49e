using ParentProxy.Scenarios.Discovery;
using ParentProxy.Scenarios.Fronts;
using ParentProxy.Scenarios.Report;

namespace ParentProxy.Scenarios.Scenarios;

/// <summary>An enclave is replaced by one with another CID: the new one is up before the old one ends.</summary>
internal sealed class CidChange : Scenario
{
    // What comes within it may go to either; the old one ends later.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Out = TimeSpan.FromSeconds(2.5);

    private static readonly FoundEnclave Old = new("blue", 16);
    private static readonly FoundEnclave New = new("blue", 17, 2);
    private static readonly FoundEnclave Other = new("green", 18);

    /// <inheritdoc/>
    public override string Name => "cid-change";

    /// <inheritdoc/>
    public override string Title => "by discovery: one of two enclaves is replaced by one with another CID (a: old, b: other, c: new)";

    /// <inheritdoc/>
    public override int Enclaves => 3;

    /// <inheritdoc/>
    public override TimeSpan Length => TimeSpan.FromSeconds(9);

    /// <inheritdoc/>
    public override bool IsForPeers => false;

    /// <inheritdoc/>
    public override async Task<IFront> StartFrontAsync(FrontKind kind, Stage stage, CancellationToken cancellationToken)
    {
        stage.Enclaves[2].Kill();
        return await DiscoveringFront.StartAsync(
            Interval,
            [(Old.Cid, stage.Enclaves[0].Port), (New.Cid, stage.Enclaves[2].Port), (Other.Cid, stage.Enclaves[1].Port)],
            [Old, Other],
            cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task PlayAsync(Stage stage, CancellationToken cancellationToken)
    {
        await stage.ReachAsync(2, cancellationToken);
        stage.Enclaves[2].Start();
        await ((DiscoveringFront)stage.Front).TellAsync([New, Other], cancellationToken);
        stage.Break(stage.Enclaves[0]);
        await stage.ReachAsync(5, cancellationToken);
        await stage.Enclaves[0].StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override IEnumerable<Bar> Bars(Figures figures)
    {
        var arrived = figures.Arrived("c", 5, 9);
        return
        [
            Bar.NoFailedGet(figures),
            Bar.Of("no POST fails", figures.FailedPosts == 0, $"{figures.FailedPosts} of {figures.Posts}"),
            Bar.NoDuplicate(figures),
            Bar.Within("the old one gets no more requests", figures.OutAfter, Out),
            Bar.Of("the new one gets requests", arrived > 0, $"{arrived}"),
        ];
    }
}
