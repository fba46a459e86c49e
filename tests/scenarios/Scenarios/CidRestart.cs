using ParentProxy.Scenarios.Discovery;
using ParentProxy.Scenarios.Fronts;
using ParentProxy.Scenarios.Report;

namespace ParentProxy.Scenarios.Scenarios;

/// <summary>An enclave ends and is started anew at its CID: only the EnclaveID tells.</summary>
internal sealed class CidRestart : Scenario
{
    // The default. That the enclave is gone, its refused connections tell; that it is back, the next call.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private static readonly FoundEnclave Before = new("blue", 16);
    private static readonly FoundEnclave After = new("blue", 16, 2);
    private static readonly FoundEnclave Other = new("green", 18);

    /// <inheritdoc/>
    public override string Name => "cid-restart";

    /// <inheritdoc/>
    public override string Title => "by discovery: one of two enclaves is killed, and after 1 s started anew at its CID (a: it, b: other)";

    /// <inheritdoc/>
    public override TimeSpan Length => TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public override bool IsForPeers => false;

    /// <inheritdoc/>
    public override Task<IFront> StartFrontAsync(
        FrontKind kind, Stage stage, CancellationToken cancellationToken) => DiscoveringFront.StartAsync(
        Interval, [(Before.Cid, stage.Enclaves[0].Port), (Other.Cid, stage.Enclaves[1].Port)], [Before, Other], cancellationToken);

    /// <inheritdoc/>
    public override async Task PlayAsync(Stage stage, CancellationToken cancellationToken)
    {
        var front = (DiscoveringFront)stage.Front;
        await stage.ReachAsync(2, cancellationToken);
        stage.Break(stage.Enclaves[0]);
        await front.TellAsync([Other], cancellationToken);
        stage.Enclaves[0].Kill();
        await stage.ReachAsync(3, cancellationToken);
        stage.Enclaves[0].Start();
        await front.TellAsync([After, Other], cancellationToken);
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
