using System.Globalization;
using ParentProxy.Http1;

namespace ParentProxy.Egress.Tunnels;

/// <summary>The body of a request, as its head frames it (RFC 9112 §6.3), taken piece by piece.</summary>
internal sealed class RequestBody
{
    private readonly ChunkedDecoder? _chunks;
    private long _left;

    private RequestBody(long? length, ChunkedDecoder? chunks)
    {
        Length = length;
        _chunks = chunks;
        _left = length ?? 0;
        HasEnded = chunks is null && _left == 0;
    }

    /// <summary>The length that the head tells; null when it tells none.</summary>
    public long? Length { get; }

    /// <summary>Whether it comes in chunks.</summary>
    public bool IsChunked => _chunks is not null;

    /// <summary>Whether there is none, or one of no bytes.</summary>
    public bool IsEmpty => !IsChunked && Length is null or 0;

    /// <summary>Whether all of it was taken.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Reads the framing out of a head.</summary>
    /// <exception cref="MalformedRequestException">It can be read in more than one way.</exception>
    public static RequestBody Of(ProxyRequest request)
    {
        string[] lengths = [.. request.Members("Content-Length")];
        string[] codings = [.. request.Members("Transfer-Encoding")];
        if (codings.Length > 0)
        {
            if (lengths.Length > 0)
                throw new MalformedRequestException(400, "both Content-Length and Transfer-Encoding");
            if (request.MinorVersion == 0)
                throw new MalformedRequestException(400, "Transfer-Encoding in HTTP/1.0");
            return codings is [var coding] && coding.Equals("chunked", StringComparison.OrdinalIgnoreCase)
                ? new RequestBody(null, new ChunkedDecoder(Http1Limits.Default))
                : throw new MalformedRequestException(501, "a Transfer-Encoding other than chunked");
        }

        if (!request.Values("Content-Length").Any())
            return new RequestBody(null, null);
        return lengths is [var text] && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            ? new RequestBody(length, null)
            : throw new MalformedRequestException(400, "Content-Length is not one number");
    }

    /// <summary>Takes the next piece out of what has come; false when there is none: see <see cref="HasEnded"/>.</summary>
    /// <exception cref="InvalidResponseException">The chunks are broken.</exception>
    public bool TryTake(ProxyRequestReader reader, out ReadOnlyMemory<byte> data)
    {
        data = default;
        var available = reader.Available;
        if (HasEnded || available.IsEmpty)
            return false;
        if (_chunks is null)
        {
            data = available[..(int)Math.Min(available.Length, _left)];
            reader.Advance(data.Length);
            _left -= data.Length;
            HasEnded = _left == 0;
            return true;
        }

        var progress = _chunks.Read(available.Span, out var consumed, out var range);
        data = available[..consumed][range];
        reader.Advance(consumed);
        HasEnded = progress == ChunkedProgress.End;
        return progress == ChunkedProgress.Data;
    }
}
