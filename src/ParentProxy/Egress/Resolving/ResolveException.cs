namespace ParentProxy.Egress.Resolving;

/// <summary>A name led to no address; the message names it, the resolvers that were asked and what they said.</summary>
/// <param name="code">
/// In metrics and logs: <c>NXDOMAIN</c>, <c>NODATA</c>, <c>SERVFAIL</c>, <c>timeout</c>, <c>busy</c>, an errno by name.
/// </param>
/// <param name="message">For an operator.</param>
internal sealed class ResolveException(string code, string message) : Exception(message)
{
    /// <summary>How it ended, in one word.</summary>
    public string Code => code;
}
