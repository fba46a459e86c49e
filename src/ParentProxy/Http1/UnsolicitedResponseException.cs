namespace ParentProxy.Http1;

/// <summary>
/// What came on a connection that had been idle answers nothing that was asked: the peer had given the connection up when the
/// request went out, and said so. The connection is of no further use; the request counts as unanswered.
/// </summary>
/// <param name="code">What came, for the log: a status, or a word.</param>
internal sealed class UnsolicitedResponseException(string code)
    : IOException("the peer gave up the idle connection, with an answer that nobody had asked for")
{
    /// <summary>What came: a status, or a word where that was not looked at.</summary>
    public string Code => code;
}
