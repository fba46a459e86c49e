namespace ParentProxy.Http1;

/// <summary>The fields that say something about the connection or the body.</summary>
internal enum FieldKind
{
    /// <summary>Any other field.</summary>
    Other,

    /// <summary><c>Connection</c>.</summary>
    Connection,

    /// <summary><c>Content-Length</c>.</summary>
    ContentLength,

    /// <summary><c>Keep-Alive</c>.</summary>
    KeepAlive,

    /// <summary><c>Transfer-Encoding</c>.</summary>
    TransferEncoding,

    /// <summary><c>Upgrade</c>.</summary>
    Upgrade,
}
