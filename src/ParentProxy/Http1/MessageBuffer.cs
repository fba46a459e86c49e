using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using ParentProxy.Runtime;

namespace ParentProxy.Http1;

/// <summary>
/// What is about to be sent on a connection: head, framing and pieces of the body are collected here, so that they go out
/// in one write. Holds memory only while it holds bytes.
/// </summary>
internal sealed class MessageBuffer
{
    private const int FirstBytes = 2 * 1024;

    private static readonly SearchValues<char> ForbiddenInValue = SearchValues.Create("\0\r\n");

    private byte[] _bytes = [];
    private int _count;

    /// <summary>What is to be sent.</summary>
    public ReadOnlyMemory<byte> Pending => _bytes.AsMemory(0, _count);

    /// <summary>How many bytes that are.</summary>
    public int Count => _count;

    /// <summary>Forgets what was sent; with <paramref name="release"/> the memory as well.</summary>
    public void Clear(bool release)
    {
        _count = 0;
        if (!release || _bytes.Length == 0)
            return;
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    /// <summary>Writes a request line (RFC 9112 §3).</summary>
    /// <exception cref="InvalidRequestException">Method or target would break the message.</exception>
    public void RequestLine(string method, string target)
    {
        if (!Token.IsValid(method))
            throw new InvalidRequestException("the method is no token");
        if (target.Length == 0 || target.AsSpan().ContainsAnyExceptInRange('!', '~'))
            throw new InvalidRequestException("the request target holds something else than visible ASCII");
        Text(method);
        Bytes(" "u8);
        Text(target);
        Bytes(" HTTP/1.1\r\n"u8);
    }

    /// <summary>Writes a status line (RFC 9112 §4).</summary>
    /// <exception cref="InvalidRequestException">The reason would break the message.</exception>
    public void StatusLine(int status, string reason)
    {
        if (reason.AsSpan().ContainsAny(ForbiddenInValue))
            throw new InvalidRequestException("the reason phrase holds a line end or NUL");
        Text(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {status} {reason}\r\n"));
    }

    /// <summary>Writes a field line.</summary>
    /// <exception cref="InvalidRequestException">Name or value would break the message.</exception>
    public void Field(string name, string value)
    {
        // An HTTP/2 client can send what HTTP/1.1 would read as the end of a line.
        if (!Token.IsValid(name))
            throw new InvalidRequestException("a field name is no token");
        if (value.AsSpan().ContainsAny(ForbiddenInValue))
            throw new InvalidRequestException("a field value holds a line end or NUL");
        Reserve(name.Length + value.Length + 4);
        _count += Encoding.Latin1.GetBytes(name, _bytes.AsSpan(_count));
        _bytes[_count++] = (byte)':';
        _bytes[_count++] = (byte)' ';
        _count += Encoding.Latin1.GetBytes(value, _bytes.AsSpan(_count));
        _bytes[_count++] = (byte)'\r';
        _bytes[_count++] = (byte)'\n';
    }

    /// <summary>Ends a section of field lines.</summary>
    public void EndFields() => Bytes("\r\n"u8);

    /// <summary>Writes a chunk (RFC 9112 §7.1); nothing for no data, which would be the last chunk.</summary>
    public void Chunk(in ReadOnlySequence<byte> data)
    {
        if (data.IsEmpty)
            return;
        Reserve(20);
        Utf8Formatter.TryFormat(data.Length, _bytes.AsSpan(_count), out var digits, new StandardFormat('x'));
        _count += digits;
        Bytes("\r\n"u8);
        Bytes(data);
        Bytes("\r\n"u8);
    }

    /// <summary>Writes the last chunk; the trailer fields and <see cref="EndFields"/> follow.</summary>
    public void LastChunk() => Bytes("0\r\n"u8);

    /// <summary>Writes bytes as they are.</summary>
    public void Bytes(in ReadOnlySequence<byte> data)
    {
        Reserve((int)data.Length);
        data.CopyTo(_bytes.AsSpan(_count));
        _count += (int)data.Length;
    }

    private void Bytes(ReadOnlySpan<byte> data)
    {
        Reserve(data.Length);
        data.CopyTo(_bytes.AsSpan(_count));
        _count += data.Length;
    }

    private void Text(string text)
    {
        Reserve(text.Length);
        _count += Encoding.Latin1.GetBytes(text, _bytes.AsSpan(_count));
    }

    private void Reserve(int more)
    {
        if (_bytes.Length - _count >= more)
            return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_count + more, Math.Max(FirstBytes, _bytes.Length * 2)));
        _bytes.AsSpan(0, _count).CopyTo(larger);
        if (_bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
