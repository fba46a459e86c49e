namespace ParentProxy.Dns;

/// <summary>What came of asking the resolvers.</summary>
/// <param name="Answer">
/// The answer; if no resolver knew, what the last of them said instead, such as SERVFAIL; null when none said anything.
/// </param>
/// <param name="Code">
/// In one word: <c>OK</c>, <c>NXDOMAIN</c>, <c>SERVFAIL</c>, <c>timeout</c>, <c>malformed</c>, <c>busy</c>, an errno by name.
/// </param>
/// <param name="Report">Each resolver that was asked, and what it said, for an operator.</param>
internal sealed record UpstreamResult(DnsMessage? Answer, string Code, string Report)
{
    /// <summary>The code of a question that nobody was asked, since too many were open.</summary>
    public const string Busy = "busy";

    /// <summary>An answer's code in one word.</summary>
    public static string Word(DnsResponseCode code) => code == DnsResponseCode.NoError ? "OK" : code.ToString().ToUpperInvariant();

    /// <summary>Whether a resolver knew: that there is something, or that there is nothing.</summary>
    public bool IsKnown => IsKnowledge(Answer);

    /// <summary>Whether an answer is one that others need not be asked for.</summary>
    public static bool IsKnowledge(DnsMessage? answer) => answer?.ResponseCode is DnsResponseCode.NoError or DnsResponseCode.NxDomain;
}
