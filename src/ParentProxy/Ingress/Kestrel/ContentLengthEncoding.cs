namespace ParentProxy.Ingress.Kestrel;

/// <summary>
/// <c>Content-Length</c> is digits and nothing else (RFC 9110 §8.6). Kestrel takes a sign too, which another reads
/// otherwise: a way to put a request into the body of another. And it has room for twenty characters, whatever they are:
/// zeros in front are left out, of which there may be any number.
/// </summary>
internal sealed class ContentLengthEncoding : Latin1Encoding
{
    /// <summary>More than the largest number has.</summary>
    private const int MaxDigits = 20;

    /// <inheritdoc/>
    public override int GetCharCount(ReadOnlySpan<byte> bytes) => TryRead(bytes, out var number) ? number.Length : 1;

    /// <inheritdoc/>
    public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
    {
        if (TryRead(bytes, out var number))
            return Latin1.GetChars(number, chars);

        // Kestrel refuses it.
        chars[0] = 'x';
        return 1;
    }

    /// <inheritdoc/>
    public override int GetMaxCharCount(int byteCount) => Math.Max(byteCount, 1);

    private static bool TryRead(ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> number)
    {
        number = bytes;
        while (number.Length > 1 && number[0] == '0')
            number = number[1..];
        return number.Length is > 0 and <= MaxDigits && !number.ContainsAnyExceptInRange((byte)'0', (byte)'9');
    }
}
