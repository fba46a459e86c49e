using ParentProxy.Scenarios.Enclaves;
using ParentProxy.Scenarios.Report;

namespace ParentProxy.Scenarios.Scenarios;

/// <summary>An enclave takes everything and answers nothing.</summary>
internal sealed class BlackHole : Scenario
{
    private static readonly TimeSpan Out = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestGet = TimeSpan.FromSeconds(6);

    // Two cores carry the front, the load and the enclaves; what has to wait for the hole takes seconds.
    private static readonly TimeSpan Normal = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public override string Name => "black-hole";

    /// <inheritdoc/>
    public override string Title => "one of three enclaves accepts connections and requests and never answers again";

    /// <inheritdoc/>
    public override int Enclaves => 3;

    /// <inheritdoc/>
    public override TimeSpan Length => TimeSpan.FromSeconds(8);

    /// <inheritdoc/>
    public override async Task PlayAsync(Stage stage, CancellationToken cancellationToken)
    {
        await stage.ReachAsync(2, cancellationToken);
        stage.Break(stage.Enclaves[0]);
        stage.Enclaves[0].Switch(EnclaveMode.BlackHole);
    }

    /// <inheritdoc/>
    public override IEnumerable<Bar> Bars(Figures figures) =>
    [
        Bar.Within("it is out of the rotation", figures.OutAfter, Out),
        Bar.NoFailedGet(figures),
        Bar.Within("no GET waits for long", figures.LongestGet, LongestGet),
        Bar.NoLostPost(figures),
        Bar.NoDuplicate(figures),
        Bar.Within(
            "requests to the others are served as before, 99 % of them",
            figures.OthersAfterFault.P99,
            Max(Normal, 10 * figures.BeforeFault.P99)),
    ];

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
