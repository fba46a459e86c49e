using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace ParentProxy.Tests.Support;

/// <summary>A connection on which a test says and sees every byte; for either side. Every wait ends with the test's deadline.</summary>
internal sealed class WireConnection(Socket socket, Stream? tls = null, TimeSpan? deadline = null) : IAsyncDisposable
{
    private readonly Stream _stream = tls ?? new NetworkStream(socket, ownsSocket: true);
    private readonly CancellationTokenSource _deadline = new(deadline ?? TestDeadline.Value);
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <summary>The receive that is under way or was the last: who waits for bytes and who reads them share it.</summary>
    private Task<bool>? _fill;

    public static async Task<WireConnection> ConnectAsync(Uri uri, TimeSpan? deadline = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Parse(uri.Host), uri.Port);
        return new WireConnection(socket, deadline: deadline);
    }

    /// <summary>With TLS, to whom has this certificate.</summary>
    /// <param name="uri">Where to.</param>
    /// <param name="certificate">What the server has to show.</param>
    /// <param name="http2">Speaks HTTP/2, else HTTP/1.1.</param>
    /// <param name="before">Sent before the handshake begins.</param>
    public static async Task<WireConnection> ConnectTlsAsync(
        Uri uri, TestCertificate certificate, bool http2 = false, ReadOnlyMemory<byte> before = default)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Parse(uri.Host), uri.Port);
        await socket.SendAsync(before);
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true), leaveInnerStreamOpen: false);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = uri.Host,
            RemoteCertificateValidationCallback = (_, presented, _, _) => presented!.GetCertHashString() == certificate.Hash,
            ApplicationProtocols = [http2 ? SslApplicationProtocol.Http2 : SslApplicationProtocol.Http11],
        });
        return new WireConnection(socket, tls);
    }

    public Task SendAsync(string latin1) => SendAsync(Encoding.Latin1.GetBytes(latin1));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await _stream.WriteAsync(bytes, _deadline.Token);

    /// <summary>Ends our direction.</summary>
    public void ShutdownSend() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>Ends the connection with a reset.</summary>
    public void Reset()
    {
        // The stream's own end would shut the connection down in order first.
        socket.LingerState = new LingerOption(true, 0);
        socket.Dispose();
    }

    /// <summary>A line without its end, or null at the end of the connection.</summary>
    public async Task<string?> ReadLineAsync()
    {
        var line = new StringBuilder();
        while (true)
        {
            if (_start == _end && !await FillAsync())
                return line.Length == 0 ? null : line.ToString();
            var c = (char)_buffer[_start++];
            if (c == '\n')
                return line.ToString().TrimEnd('\r');
            line.Append(c);
        }
    }

    /// <summary>Start line and fields, or null at the end of the connection.</summary>
    public async Task<WireMessage?> ReadHeadAsync() =>
        await ReadLineAsync() is { } startLine ? new WireMessage(startLine, await ReadFieldsAsync(), []) : null;

    /// <summary>A whole message. A response without framing ends with the connection.</summary>
    /// <param name="bodiless">The answer to a HEAD request.</param>
    public async Task<WireMessage> ReadMessageAsync(bool bodiless = false)
    {
        var head = await ReadHeadAsync();
        Assert.True(head is not null, "the connection ended before a message");
        var isResponse = head.StartLine.StartsWith("HTTP/", StringComparison.Ordinal);
        if (bodiless || (isResponse && head.Status is (>= 100 and < 200) or 204 or 304))
            return head;
        if (head.Field("Transfer-Encoding") is not null)
            return head with { Body = await ReadChunksAsync(), Trailers = await ReadFieldsAsync() };
        if (head.Field("Content-Length") is { } length)
            return head with { Body = await ReadExactlyAsync(int.Parse(length, CultureInfo.InvariantCulture)) };
        return isResponse ? head with { Body = (await ReadToEndAsync()).Received } : head;
    }

    public async Task<byte[]> ReadExactlyAsync(int count)
    {
        var bytes = new byte[count];
        for (var filled = 0; filled < count;)
        {
            if (_start == _end && !await FillAsync())
                throw new EndOfStreamException($"the connection ended after {filled} of {count} bytes");
            var take = Math.Min(count - filled, _end - _start);
            _buffer.AsSpan(_start, take).CopyTo(bytes.AsSpan(filled));
            _start += take;
            filled += take;
        }

        return bytes;
    }

    /// <summary>One chunk of a chunked body; empty for the last, together with the line that ends the message.</summary>
    public async Task<byte[]> ReadChunkAsync()
    {
        var bytes = await ReadExactlyAsync(await ReadChunkSizeAsync());
        _ = await ReadLineAsync();
        return bytes;
    }

    /// <summary>Field lines up to the empty one.</summary>
    public async Task<IReadOnlyList<(string Name, string Value)>> ReadFieldsAsync()
    {
        var fields = new List<(string, string)>();
        while (true)
        {
            var line = await ReadLineAsync() ?? throw new EndOfStreamException($"the connection ended after {fields.Count} fields");
            if (line.Length == 0)
                return fields;
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            Assert.True(colon > 0, $"this is no field: {line}");
            fields.Add((line[..colon], line[(colon + 1)..].Trim(' ', '\t')));
        }
    }

    /// <summary>Waits for bytes without taking them; false when the connection ended instead.</summary>
    public async Task<bool> HasBytesAsync()
    {
        try
        {
            return _start < _end || await FillAsync();
        }
        catch (Exception ex) when (ex is IOException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>What came last and nobody has read, for the message of a failure.</summary>
    public string Peek() => Encoding.Latin1.GetString(_buffer, _start, _end - _start);

    /// <summary>What is left until the connection ends, and whether a reset ended it.</summary>
    public async Task<(byte[] Received, bool Reset)> ReadToEndAsync()
    {
        using var received = new MemoryStream();
        try
        {
            do
            {
                received.Write(_buffer, _start, _end - _start);
                _start = _end;
            }
            while (await FillAsync());
            return (received.ToArray(), false);
        }
        catch (IOException)
        {
            return (received.ToArray(), true);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _deadline.Dispose();
    }

    private async Task<int> ReadChunkSizeAsync()
    {
        var size = await ReadLineAsync() ?? throw new EndOfStreamException("the connection ended before a chunk");
        return int.Parse(size.Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }

    private async Task<byte[]> ReadChunksAsync()
    {
        using var body = new MemoryStream();
        while (await ReadChunkSizeAsync() is > 0 and var size)
        {
            body.Write(await ReadExactlyAsync(size));
            _ = await ReadLineAsync();
        }

        return body.ToArray();
    }

    private Task<bool> FillAsync()
    {
        // A reset is told once only.
        if (_fill is null or { IsCompletedSuccessfully: true })
        {
            // It may have ended since the caller looked.
            if (_start < _end)
                return Task.FromResult(true);
            _fill = ReceiveAsync();
        }

        return _fill;
    }

    private async Task<bool> ReceiveAsync()
    {
        var received = await _stream.ReadAsync(_buffer, _deadline.Token);
        (_start, _end) = (0, received);
        return received > 0;
    }
}
