using System.Text;
using ParentProxy.Http1;
using ParentProxy.Runtime;
using ParentProxy.Sockets;

namespace ParentProxy.Egress.Tunnels;

/// <summary>
/// Reads requests to the HTTP proxy, one after the other. In the place of Kestrel, which answers 400 when <c>Host</c> is not the
/// target of CONNECT letter for letter, and many clients leave its port out.
/// </summary>
/// <param name="socket">The enclave's connection.</param>
/// <param name="time">The clock.</param>
internal sealed class ProxyRequestReader(LoopSocket socket, TimeProvider time)
{
    private const int FirstBytes = 2048;

    // Enough for every request line that a browser makes, and for the URLs that are signed.
    private const int MaxLineBytes = 16 * 1024;

    /// <summary>Browsers and package managers ask for some in a row; who asks for more begins anew.</summary>
    private const int MaxRefusals = 20;

    // CONNECT and OPTIONS are among the longest that anybody has registered.
    private const int MaxMethodLength = 32;

    private byte[] _buffer = new byte[FirstBytes];
    private int _refusals;
    private int _start;
    private int _end;

    /// <summary>What has come behind the head, and is taken by this.</summary>
    public byte[]? TakeRest()
    {
        if (_start == _end)
            return null;
        var rest = _buffer[_start.._end];
        _start = _end;
        return rest;
    }

    /// <summary>What has come and was not taken; empty when more is to be received first.</summary>
    public ReadOnlyMemory<byte> Available => _buffer.AsMemory(_start, _end - _start);

    /// <summary>So much of <see cref="Available"/> is done with.</summary>
    public void Advance(int count) => _start += count;

    /// <summary>Counts a refusal; false when the connection has had as many as it may.</summary>
    public bool MayBeRefusedAgain() => ++_refusals < MaxRefusals;

    /// <summary>Waits for more of a body; false at the end of what the enclave sends.</summary>
    public async ValueTask<bool> ReceiveAsync(CancellationToken cancellationToken)
    {
        MakeRoom();
        var count = await socket.ReceiveAsync(_buffer.AsMemory(_end), cancellationToken);
        _end += count;
        return count > 0;
    }

    /// <summary>Reads the next head.</summary>
    /// <param name="timeout">How long it may take from now on.</param>
    /// <param name="cut">Fires when the time of a stop is over.</param>
    /// <returns>Null when the enclave ended in order, or sent nothing for so long.</returns>
    /// <exception cref="MalformedRequestException">It is none.</exception>
    public async ValueTask<ProxyRequest?> ReadHeadAsync(TimeSpan timeout, CancellationToken cut)
    {
        using var patience = new CancellationTokenSource(timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cut, patience.Token);
        if (_start == _end && _buffer.Length > FirstBytes)
            (_buffer, _start, _end) = (new byte[FirstBytes], 0, 0);
        try
        {
            var scanned = 0;
            while (true)
            {
                // Some clients end a body with a line end that is not part of it (RFC 9112 §2.2).
                while (scanned == 0 && Available.Span.StartsWith("\r\n"u8))
                    _start += 2;
                var head = Available.Span;
                if (TryFindEnd(head, ref scanned, out var length))
                {
                    var request = Parse(head[..length]);
                    _start += length;
                    return request;
                }

                if (head.Length >= Http1Limits.Default.MaxHeadBytes)
                    throw new MalformedRequestException(431, $"the head is larger than {Http1Limits.Default.MaxHeadBytes} bytes");
                if (await ReceiveAsync(both.Token))
                    continue;
                return _start == _end ? null : throw new MalformedRequestException(400, "the connection ended within the head");
            }
        }
        catch (OperationCanceledException) when (!cut.IsCancellationRequested)
        {
            return _start == _end
                ? null
                : throw new MalformedRequestException(408, "the head did not come within Egress:RequestTimeout");
        }
    }

    private static bool TryFindEnd(ReadOnlySpan<byte> bytes, ref int scanned, out int length)
    {
        var from = Math.Max(0, scanned - 3);
        var at = bytes[from..].IndexOf("\r\n\r\n"u8);
        length = at < 0 ? 0 : from + at + 4;
        scanned = bytes.Length;
        return at >= 0;
    }

    private static ProxyRequest Parse(ReadOnlySpan<byte> head)
    {
        try
        {
            var line = NextLine(ref head, "the request line");
            if (line.Length > MaxLineBytes)
                throw new MalformedRequestException(414, $"the request line is longer than {MaxLineBytes} bytes");
            var parts = Encoding.Latin1.GetString(line).Split(' ');
            if (parts.Length != 3
                || !Token.IsValid(parts[0])
                || parts[1].Length == 0
                || parts[1].AsSpan().ContainsAnyExceptInRange('!', '~'))
            {
                throw new MalformedRequestException(400, "the request line is not METHOD SP TARGET SP VERSION");
            }

            if (parts[0].Length > MaxMethodLength)
                throw new MalformedRequestException(501, $"the method is longer than {MaxMethodLength} characters");
            var minor = parts[2] switch
            {
                "HTTP/1.1" => 1,
                "HTTP/1.0" => 0,
                _ when parts[2].StartsWith("HTTP/", StringComparison.Ordinal) =>
                    throw new MalformedRequestException(505, "the version is neither HTTP/1.1 nor HTTP/1.0"),
                _ => throw new MalformedRequestException(400, "the request line is not METHOD SP TARGET SP VERSION"),
            };
            var fields = new List<FieldLine>();
            while (NextLine(ref head, "a field line") is { Length: > 0 } field)
            {
                if (fields.Count == Http1Limits.Default.MaxFields)
                    throw new MalformedRequestException(431, $"more than {Http1Limits.Default.MaxFields} fields");
                LineSyntax.Split(field, out var name, out var value);
                fields.Add(new FieldLine(FieldNames.Get(name), Encoding.Latin1.GetString(value)));
            }

            return new ProxyRequest(parts[0], parts[1], minor, fields);
        }
        catch (InvalidResponseException ex)
        {
            // The syntax of lines is the same both ways.
            throw new MalformedRequestException(400, ex.Message);
        }
    }

    private static ReadOnlySpan<byte> NextLine(ref ReadOnlySpan<byte> head, string place)
    {
        var scanned = 0;
        if (!LineSyntax.TryFindEnd(head, ref scanned, out var end, place))
            throw new MalformedRequestException(400, $"{place} has no end");
        var line = head[..end];
        head = head[(end + LineSyntax.EndBytes)..];
        return line;
    }

    private void MakeRoom()
    {
        if (_start == _end)
            _start = _end = 0;
        if (_end < _buffer.Length)
            return;
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            return;
        }

        Array.Resize(ref _buffer, Math.Min(_buffer.Length * 2, Http1Limits.Default.MaxHeadBytes));
    }
}
