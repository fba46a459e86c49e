namespace ParentProxy.Http1;

/// <summary>A parsed response head with what it says about its connection and its body. Reused by the parser that filled it.</summary>
internal sealed class ResponseHead
{
    private readonly List<FieldLine> _fields = [];

    /// <summary>100–599.</summary>
    public int Status { get; private set; }

    /// <summary>The reason phrase; may be empty.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>The minor version of HTTP/1: 0 or 1.</summary>
    public int MinorVersion { get; private set; }

    /// <summary>All field lines as they came.</summary>
    public IReadOnlyList<FieldLine> Fields => _fields;

    /// <summary>The value of <c>Content-Length</c>; several equal ones are one. Null when there is none.</summary>
    public long? ContentLength { get; private set; }

    /// <summary>Whether <c>Transfer-Encoding: chunked</c> frames the body.</summary>
    public bool IsChunked { get; private set; }

    /// <summary>Whether <c>Connection</c> has the option <c>close</c>.</summary>
    public bool HasClose { get; private set; }

    /// <summary>Whether <c>Connection</c> has the option <c>keep-alive</c>.</summary>
    public bool HasKeepAlive { get; private set; }

    /// <summary>The names of fields that <c>Connection</c> names, beside close, keep-alive and upgrade; null when there are none.</summary>
    public IReadOnlyList<string>? ConnectionNamed { get; private set; }

    /// <summary>The value of <c>timeout</c> in <c>Keep-Alive</c>, in seconds; null when there is none.</summary>
    public int? KeepAliveSeconds { get; private set; }

    /// <summary>Whether this is an interim response: 1xx but not 101.</summary>
    public bool IsInterim => Status is >= 100 and < 200 and not 101;
}
