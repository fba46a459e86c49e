using ParentProxy.Configuration;

namespace ParentProxy.Egress;

/// <summary>A destination was not reached; the message says what was tried, what happened and what to do.</summary>
/// <param name="result">How it came out.</param>
/// <param name="rule">The rule that decided; null without one.</param>
/// <param name="code">In one word: an errno by name, <c>NXDOMAIN</c>, <c>timeout</c>, <c>denied</c>.</param>
/// <param name="message">For an operator; of a refusal, for the enclave, too.</param>
/// <param name="note">What else is for an operator alone; null for nothing.</param>
internal sealed class EgressException(
    EgressResult result, EgressRuleOptions? rule, string code, string message, string? note = null) : Exception(message)
{
    /// <summary>The message, and what of it the enclave must not know.</summary>
    public string ForOperator => $"{Message}{note}";

    /// <summary>How it came out.</summary>
    public EgressResult Result => result;

    /// <summary>The rule that decided; null without one.</summary>
    public EgressRuleOptions? Rule => rule;

    /// <summary>How it came out, in one word: an errno by name, <c>NXDOMAIN</c>, <c>timeout</c>, <c>denied</c>.</summary>
    public string Code => code;
}
