using ParentProxy.Configuration;

namespace ParentProxy.Egress.Policy;

/// <summary>Whether something may be reached, and by which rule.</summary>
/// <param name="IsAllowed">Whether it may.</param>
/// <param name="Rule">The rule that decided; null when no rule names it.</param>
/// <param name="Reason">Why not, and what rule is missing, which the enclave is told, too; null when it may.</param>
/// <param name="Note">What an operator should know besides, and the enclave must not: of others, of this machine; or null.</param>
internal readonly record struct EgressVerdict(bool IsAllowed, EgressRuleOptions? Rule, string? Reason, string? Note = null)
{
    /// <summary>Why not, for an operator alone.</summary>
    public string ForOperator => $"{Reason ?? "no rule allows it"}{Note}";
}
