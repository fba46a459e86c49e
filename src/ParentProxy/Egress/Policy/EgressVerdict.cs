namespace ParentProxy.Egress.Policy;

/// <summary>Whether something may be reached, and by which rule.</summary>
/// <param name="IsAllowed">Whether it may.</param>
/// <param name="Rule">The rule that decided, by its location; <c>none</c> when no rule names it.</param>
/// <param name="Reason">Why not, and what rule is missing, for an operator; null when it may.</param>
internal readonly record struct EgressVerdict(bool IsAllowed, string Rule, string? Reason);
