using ParentProxy.Scenarios.Fronts;
using ParentProxy.Scenarios.Load;
using ParentProxy.Scenarios.Report;
using ParentProxy.Scenarios.Wire;

namespace ParentProxy.Scenarios.Scenarios;

/// <summary>Plays scenarios.</summary>
internal static class Play
{
    private const int Plays = 3;

    /// <summary>Plays one with a front, and again when the machine was too busy for the load; the last play counts.</summary>
    public static async Task<Figures> RunAsync(Scenario scenario, FrontKind kind, TimeSpan? seconds, CancellationToken cancellationToken)
    {
        for (var play = 1; ; play++)
        {
            var figures = await RunOnceAsync(scenario, kind, seconds, cancellationToken);
            if (!figures.IsLate || play == Plays)
                return figures;
        }
    }

    private static async Task<Figures> RunOnceAsync(
        Scenario scenario, FrontKind kind, TimeSpan? seconds, CancellationToken cancellationToken)
    {
        var length = seconds > scenario.Length ? seconds.Value : scenario.Length;
        using var stage = new Stage(scenario.Enclaves);
        await using var front = stage.Front = await scenario.StartFrontAsync(kind, stage, cancellationToken);
        var before = ProcessorTime.Now;
        stage.Clock.Start(scenario.WarmUp);
        var load = new OpenLoop(front.Port, stage.Clock);
        var requests = load.RunAsync(length, cancellationToken);
        string? broken = null;
        try
        {
            await scenario.PlayAsync(stage, cancellationToken);
        }
        catch (InvalidOperationException ex)
        {
            broken = ex.Message;
        }

        await await requests;
        return new Figures(kind.Name, load.Samples, stage.Ledger, stage.Fault, front.Log, broken)
        {
            Stolen = ProcessorTime.Now.StolenSince(before),
        };
    }
}
