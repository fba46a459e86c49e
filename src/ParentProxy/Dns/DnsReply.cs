namespace ParentProxy.Dns;

/// <summary>An answer to a question, ready for its asker.</summary>
/// <param name="Message">The message; null when no resolver said anything.</param>
/// <param name="Source">Where it has come from.</param>
/// <param name="Code">How it ended in one word, as <see cref="UpstreamResult.Code"/>.</param>
/// <param name="Report">Who said what, for an operator.</param>
internal sealed record DnsReply(byte[]? Message, DnsReplySource Source, string Code, string Report);
