namespace ParentProxy.Ingress;

/// <summary>
/// <c>Content-Length</c> is digits and nothing else (RFC 9110 §8.6). Kestrel takes a sign too, which another reads
/// otherwise: a way to put a request into the body of another.
/// </summary>
internal sealed class ContentLengthEncoding : Latin1Encoding
{
    /// <inheritdoc/>
    public override int GetCharCount(ReadOnlySpan<byte> bytes) => bytes.Length;

    /// <inheritdoc/>
    public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
    {
        var count = Latin1.GetChars(bytes, chars);
        if (bytes.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
            chars[0] = 'x';
        return count;
    }
}
