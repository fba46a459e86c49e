namespace ParentProxy.Scenarios.Scenarios;

/// <summary>What went wrong in a run.</summary>
/// <param name="Enclaves">The names of those that failed.</param>
/// <param name="At">When it began.</param>
/// <param name="Until">When it ended, or null.</param>
internal sealed record Fault(IReadOnlySet<string> Enclaves, TimeSpan At, TimeSpan? Until);
