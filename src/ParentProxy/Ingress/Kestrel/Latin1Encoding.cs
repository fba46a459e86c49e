using System.Text;

namespace ParentProxy.Ingress.Kestrel;

/// <summary>A decoder of field values that has a say in what comes out.</summary>
internal abstract class Latin1Encoding : Encoding
{
    /// <inheritdoc/>
    public sealed override int GetByteCount(char[] chars, int index, int count) => Latin1.GetByteCount(chars, index, count);

    /// <inheritdoc/>
    public sealed override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
        Latin1.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

    /// <inheritdoc/>
    public sealed override int GetCharCount(byte[] bytes, int index, int count) => GetCharCount(bytes.AsSpan(index, count));

    /// <inheritdoc/>
    public abstract override int GetCharCount(ReadOnlySpan<byte> bytes);

    /// <inheritdoc/>
    public sealed override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex) =>
        GetChars(bytes.AsSpan(byteIndex, byteCount), chars.AsSpan(charIndex));

    /// <inheritdoc/>
    public abstract override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars);

    /// <inheritdoc/>
    public sealed override int GetMaxByteCount(int charCount) => charCount;

    /// <inheritdoc/>
    public override int GetMaxCharCount(int byteCount) => byteCount;
}
