namespace ParentProxy.Http1;

/// <summary>
/// A dial was turned away and is being repeated; a request that can be served
/// elsewhere need not wait for that. Nothing was sent.
/// </summary>
/// <param name="cause">How it was turned away.</param>
internal sealed class AcceptQueueFullException(Exception cause) : IOException(cause.Message, cause);
