namespace ParentProxy.Scenarios.Scenarios;

/// <summary>All, in the order in which they are played.</summary>
internal static class AllScenarios
{
    /// <summary>The list.</summary>
    public static IReadOnlyList<Scenario> List { get; } =
    [
        new KillOne(),
        new RestartOnly(),
        new BlackHole(),
        new ResetsAtOnce(),
        new ApplicationErrors(),
        new ErrorsWithProbe(),
        new SlowAnswers(),
        new CidChange(),
        new CidRestart(),
        new Reload(),
        new RetryStorm(),
    ];
}
