namespace ParentProxy.Commands.Doctor;

/// <summary>One line of the report.</summary>
/// <param name="Id">The check, in kebab case; it does not change.</param>
/// <param name="Status">What it came to.</param>
/// <param name="Summary">That in one sentence, without a full stop.</param>
internal sealed record CheckResult(string Id, CheckStatus Status, string Summary)
{
    /// <summary>What was looked at: an enclave, a listener; null for the machine as a whole.</summary>
    public string? Subject { get; init; }

    /// <summary>What was seen, one observation each.</summary>
    public IReadOnlyList<string> Evidence { get; init; } = [];

    /// <summary>What to do, one step each, as commands where there are any.</summary>
    public IReadOnlyList<string> Remedy { get; init; } = [];
}
