namespace ParentProxy.Http1;

/// <summary>The peer sent what is no HTTP/1.1 response, or one that we refuse (RFC 9112). The connection is of no further use.</summary>
/// <param name="reason">What is wrong with it, for the log; never holds what the peer sent, except numbers.</param>
internal sealed class InvalidResponseException(string reason) : IOException(reason);
