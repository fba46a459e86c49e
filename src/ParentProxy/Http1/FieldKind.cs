namespace ParentProxy.Http1;

/// <summary>The fields that say something about the connection or the body.</summary>
internal enum FieldKind
{
    /// <summary>Any other field: it says nothing about either, and its value is not looked at.</summary>
    Other,

    /// <summary><c>Connection</c>, RFC 9110 §7.6.1: options, and names of fields that end here.</summary>
    Connection,

    /// <summary><c>Content-Length</c>, RFC 9110 §8.6: the length of the body.</summary>
    ContentLength,

    /// <summary><c>Keep-Alive</c>, for how long the peer keeps an idle connection, as <c>timeout</c> in seconds.</summary>
    KeepAlive,

    /// <summary><c>Transfer-Encoding</c>, RFC 9112 §6.1: whether the body is in chunks.</summary>
    TransferEncoding,

    /// <summary><c>Upgrade</c>, RFC 9110 §7.8: the protocols that the peer offers or has switched to.</summary>
    Upgrade,
}
