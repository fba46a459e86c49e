namespace ParentProxy.Http1;

/// <summary>How a request says where its body ends (RFC 9112 §6).</summary>
internal enum RequestBodyFraming
{
    /// <summary>It has none: neither field is sent.</summary>
    None,

    /// <summary>After as many bytes as <c>Content-Length</c> says.</summary>
    Length,

    /// <summary>By the last chunk, with <c>Transfer-Encoding: chunked</c>.</summary>
    Chunked,
}
