using ParentProxy.Scenarios.Fronts;
using ParentProxy.Scenarios.Report;

namespace ParentProxy.Scenarios.Scenarios;

/// <summary>The configuration changes while requests come.</summary>
internal sealed class Reload : Scenario
{
    private static readonly string[] Mistakes = ["Retries", "Limits:MaxConnections", "Enclaves:0:Cid"];

    /// <inheritdoc/>
    public override string Name => "reload";

    /// <inheritdoc/>
    public override string Title => "an enclave is added, one removed, weights change, all is as before; then a file with mistakes";

    /// <inheritdoc/>
    public override TimeSpan Length => TimeSpan.FromSeconds(8);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Compared => [Measure.FailedGets, Measure.LostPosts, Measure.Duplicates];

    /// <inheritdoc/>
    public override async Task PlayAsync(Stage stage, CancellationToken cancellationToken)
    {
        var front = (IReloadable)stage.Front;
        await stage.ReachAsync(1, cancellationToken);
        stage.AddEnclave();
        await front.ReloadAsync(stage.Backends(0, 1, 2), cancellationToken);

        await stage.ReachAsync(2.5, cancellationToken);
        await front.ReloadAsync(stage.Backends(1, 2), cancellationToken);

        await stage.ReachAsync(4, cancellationToken);
        await front.ReloadAsync([.. stage.Backends(1, 2).Select((backend, i) => backend with { Weight = 1 + (2 * i) })], cancellationToken);

        await stage.ReachAsync(5, cancellationToken);
        await front.ReloadAsync(stage.Backends(0, 1, 2), cancellationToken);

        await stage.ReachAsync(6, cancellationToken);
        await front.ReloadBadlyAsync(cancellationToken);

        await stage.ReachAsync(7, cancellationToken);
        await front.ReloadAsync(stage.Backends(1, 2), cancellationToken);
    }

    /// <inheritdoc/>
    public override IEnumerable<Bar> Bars(Figures figures)
    {
        var refused = figures.Log.FirstOrDefault(line => line.Contains("refused", StringComparison.Ordinal)) ?? "";
        var added = figures.Arrived("c", 1, 2.5);
        var removed = figures.Arrived("a", 3.5, 5);
        return
        [
            Bar.NoFailedGet(figures),
            Bar.Of("no POST fails", figures.FailedPosts == 0, $"{figures.FailedPosts} of {figures.Posts}"),
            Bar.NoDuplicate(figures),
            Bar.Of("the enclave that was added gets requests", added > 0, $"{added}"),
            Bar.Of("the enclave that was removed gets none", removed == 0, $"{removed}"),
            Bar.Of(
                "the log names every mistake of the bad file",
                Mistakes.All(m => refused.Contains(m, StringComparison.Ordinal)),
                $"{(refused.Length > 0 ? refused : "no such line")}"),
        ];
    }
}
