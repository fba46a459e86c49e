using ParentProxy.Admin;

namespace ParentProxy.Commands;

/// <summary>What was answered on <c>Admin:Url</c>, or why nothing was.</summary>
/// <param name="Url">Where it was asked.</param>
/// <param name="Health">The answer; null when no parent-proxy gave one.</param>
/// <param name="Failure">Why there is none, by its name where it has one; null when there is.</param>
/// <param name="IsForeign">Whether something answers there that is no parent-proxy.</param>
internal sealed record RunningAnswer(string Url, HealthView? Health, string? Failure = null, bool IsForeign = false)
{
    /// <summary>Its listeners for enclaves.</summary>
    public EgressView? Egress { get; init; }
}
