namespace ParentProxy.Http1;

/// <summary>How the end of a response body is known (RFC 9112 §6.3).</summary>
internal enum ResponseBodyFraming
{
    /// <summary>There is none, whatever the fields say: to HEAD, 1xx, 204 and 304.</summary>
    None,

    /// <summary>After as many bytes as <c>Content-Length</c> says.</summary>
    Length,

    /// <summary>By the last chunk.</summary>
    Chunked,

    /// <summary>By the end of the connection.</summary>
    Close,

    /// <summary>After 101 the bytes belong to another protocol.</summary>
    Tunnel,
}
