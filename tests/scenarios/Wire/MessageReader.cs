using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace ParentProxy.Scenarios.Wire;

/// <summary>Reads messages of HTTP/1.1 from a socket, one after another.</summary>
internal sealed class MessageReader(Socket socket)
{
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <summary>Bytes that have come.</summary>
    public long Received { get; private set; }

    /// <summary>What has come and was not read yet.</summary>
    public string Unread => Encoding.Latin1.GetString(_buffer, _start, _end - _start);

    /// <summary>Reads a head; null when the connection ended before it.</summary>
    public async Task<MessageHead?> ReadHeadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var length = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n\r\n"u8);
            if (length >= 0)
                return MessageHead.Parse(Take(length, 4));
            if (!await FillAsync(cancellationToken))
                return _end == _start ? null : throw new EndOfStreamException();
        }
    }

    /// <summary>Reads the body that belongs to a head.</summary>
    /// <param name="head">The head.</param>
    /// <param name="untilClose">Whether a body of no known length goes on to the end of the connection, as a response's does.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<string> ReadBodyAsync(MessageHead head, bool untilClose, CancellationToken cancellationToken)
    {
        if (head.IsChunked)
            return await ReadChunksAsync(cancellationToken);
        if (head.ContentLength is { } length)
            return await ReadAsync(length, cancellationToken);
        if (!untilClose)
            return "";
        var body = new StringBuilder();
        do
            body.Append(Take(_end - _start, 0));
        while (await FillAsync(cancellationToken));
        return body.ToString();
    }

    private async Task<string> ReadChunksAsync(CancellationToken cancellationToken)
    {
        var body = new StringBuilder();
        while (true)
        {
            var size = int.Parse(
                (await ReadLineAsync(cancellationToken)).Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (size == 0)
                break;
            body.Append(await ReadAsync(size, cancellationToken));
            await ReadLineAsync(cancellationToken);
        }

        while ((await ReadLineAsync(cancellationToken)).Length > 0)
        {
            // Trailer fields are of no interest.
        }

        return body.ToString();
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var length = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n"u8);
            if (length >= 0)
                return Take(length, 2);
            if (!await FillAsync(cancellationToken))
                throw new EndOfStreamException();
        }
    }

    private async Task<string> ReadAsync(int length, CancellationToken cancellationToken)
    {
        var text = new StringBuilder(length);
        while (true)
        {
            text.Append(Take(Math.Min(length - text.Length, _end - _start), 0));
            if (text.Length == length)
                return text.ToString();
            if (!await FillAsync(cancellationToken))
                throw new EndOfStreamException();
        }
    }

    private string Take(int length, int skip)
    {
        var text = Encoding.Latin1.GetString(_buffer, _start, length);
        _start += length + skip;
        return text;
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        if (_end == _buffer.Length)
            throw new InvalidDataException("a head of more than 16 KiB");
        var received = await socket.ReceiveAsync(_buffer.AsMemory(_end), cancellationToken);
        _end += received;
        Received += received;
        return received > 0;
    }
}
