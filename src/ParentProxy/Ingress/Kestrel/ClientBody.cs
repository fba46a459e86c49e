using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ParentProxy.Http1;

namespace ParentProxy.Ingress.Kestrel;

/// <summary>
/// The body of a response on its way to the client. Kestrel sends no trailers over HTTP/1.1; when a response brings its own
/// <c>Transfer-Encoding: chunked</c>, Kestrel leaves the framing to whoever set it, and trailers with it.
/// </summary>
internal sealed class ClientBody
{
    /// <summary>The size of a chunk in hexadecimal digits with its CRLF, at most.</summary>
    private const int MaxSizeLine = 10;

    private readonly HttpContext _context;
    private readonly PipeWriter _writer;
    private readonly bool _isFramedHere;

    /// <summary>Begins the body of a response whose status and fields are set and that has not started.</summary>
    /// <param name="context">The request.</param>
    /// <param name="chunked">
    /// Whether the length is not known beforehand. Each version of HTTP has its own way for that: chunks for HTTP/1.1, the
    /// end of the connection for HTTP/1.0, frames for HTTP/2.
    /// </param>
    public ClientBody(HttpContext context, bool chunked)
    {
        _context = context;
        _writer = context.Response.BodyWriter;
        _isFramedHere = chunked && HttpProtocol.IsHttp11(context.Request.Protocol) && MayHaveBody(context);
        if (_isFramedHere)
            context.Response.Headers.TransferEncoding = "chunked";
    }

    /// <summary>Writes a piece; it goes out with the next flush. Over HTTP/1.1 it becomes a chunk.</summary>
    public void Write(ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty)
            return;
        if (!_isFramedHere)
        {
            while (!data.IsEmpty)
            {
                // Asked for nothing, Kestrel may give nothing before the response has started.
                var free = _writer.GetSpan(1);
                var count = Math.Min(free.Length, data.Length);
                data[..count].CopyTo(free);
                _writer.Advance(count);
                data = data[count..];
            }

            return;
        }

        // As little turns as possible: each takes a lock in Kestrel.
        var span = _writer.GetSpan(MaxSizeLine);
        Utf8Formatter.TryFormat((uint)data.Length, span, out var used, new StandardFormat('X'));
        "\r\n"u8.CopyTo(span[used..]);
        used += 2;
        while (span.Length - used < data.Length + 2)
        {
            var count = Math.Min(span.Length - used, data.Length);
            data[..count].CopyTo(span[used..]);
            _writer.Advance(used + count);
            data = data[count..];
            span = _writer.GetSpan(2);
            used = 0;
        }

        data.CopyTo(span[used..]);
        "\r\n"u8.CopyTo(span[(used + data.Length)..]);
        _writer.Advance(used + data.Length + 2);
    }

    /// <summary>Sends what was written, and the head before it.</summary>
    /// <returns>Completed when the client is gone.</returns>
    public ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken) => _writer.FlushAsync(cancellationToken);

    /// <summary>Ends the body and sends what was written.</summary>
    /// <param name="trailers">Valid fields. HTTP/1.0 knows none, nor does a body of a length that was announced.</param>
    /// <param name="cancellationToken">Ends the wait for a client that does not read.</param>
    public ValueTask<FlushResult> EndAsync(IReadOnlyList<FieldLine> trailers, CancellationToken cancellationToken)
    {
        if (_isFramedHere)
        {
            Write("0\r\n");
            for (var i = 0; i < trailers.Count; i++)
            {
                Write(trailers[i].Name);
                Write(": ");
                Write(trailers[i].Value);
                Write("\r\n");
            }

            Write("\r\n");
        }
        else if (trailers.Count > 0 && _context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers is { IsReadOnly: false } fields)
        {
            for (var i = 0; i < trailers.Count; i++)
                fields.Append(trailers[i].Name, trailers[i].Value);
        }

        return FlushAsync(cancellationToken);
    }

    private static bool MayHaveBody(HttpContext context) =>
        context.Request.Method != HttpMethods.Head && context.Response.StatusCode is not (>= 100 and < 200 or 204 or 304);

    private void Write(string latin1)
    {
        var span = _writer.GetSpan(latin1.Length);
        _writer.Advance(Encoding.Latin1.GetBytes(latin1, span));
    }
}
