namespace ParentProxy.Http1;

/// <summary>What a response may cost before its end is known. Beyond is refused: nobody else is to pay for a broken application.</summary>
internal sealed record Http1Limits
{
    /// <summary>The limits in use.</summary>
    public static readonly Http1Limits Default = new();

    /// <summary>Bytes of a response head, status line and empty line included.</summary>
    public int MaxHeadBytes { get; init; } = 64 * 1024;

    /// <summary>Field lines of a response head.</summary>
    public int MaxFields { get; init; } = 200;

    /// <summary>Bytes of a trailer section.</summary>
    public int MaxTrailerBytes { get; init; } = 16 * 1024;

    /// <summary>Bytes of one chunk's size line, extensions included.</summary>
    public int MaxChunkLineBytes { get; init; } = 4 * 1024;
}
