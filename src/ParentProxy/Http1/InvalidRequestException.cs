namespace ParentProxy.Http1;

/// <summary>A request cannot be written as an HTTP/1.1 message; nothing of it was sent.</summary>
/// <param name="reason">What is wrong with it; never holds what the client sent.</param>
internal sealed class InvalidRequestException(string reason) : Exception(reason);
