using System.Buffers.Binary;

namespace ParentProxy.Dns;

/// <summary>Messages on a stream, each behind its length in two bytes (RFC 1035 §4.2.2).</summary>
/// <param name="maxBytes">The longest message that is taken.</param>
internal sealed class FramedMessages(int maxBytes)
{
    private const int LengthBytes = 2;

    private byte[] _buffer = new byte[512];
    private int _start;
    private int _end;

    /// <summary>Whether a part of a message is there.</summary>
    public bool HasPart => _end > _start;

    /// <summary>Messages as they stand on a stream.</summary>
    public static byte[] Frame(IReadOnlyCollection<ReadOnlyMemory<byte>> messages)
    {
        var bytes = new byte[messages.Sum(message => LengthBytes + message.Length)];
        var rest = bytes.AsSpan();
        foreach (var message in messages)
        {
            BinaryPrimitives.WriteUInt16BigEndian(rest, (ushort)message.Length);
            message.Span.CopyTo(rest[LengthBytes..]);
            rest = rest[(LengthBytes + message.Length)..];
        }

        return bytes;
    }

    /// <summary>Where to receive; never empty. Valid until the next call.</summary>
    public Memory<byte> Room()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start.._end).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, _buffer.Length * 2);
        return _buffer.AsMemory(_end);
    }

    /// <summary>So many bytes were received into <see cref="Room"/>.</summary>
    public void Received(int count) => _end += count;

    /// <summary>Takes the next message, which is not looked into.</summary>
    /// <param name="message">The message, its caller's own.</param>
    /// <exception cref="InvalidDataException">None is so short, or so long: what is behind it cannot be read either.</exception>
    public bool TryTake(out byte[] message)
    {
        message = [];
        var received = _buffer.AsSpan(_start.._end);
        if (received.Length < LengthBytes)
            return false;
        var length = BinaryPrimitives.ReadUInt16BigEndian(received);
        if (length < DnsMessage.HeaderBytes || length > maxBytes)
            throw new InvalidDataException($"a message of {length} bytes; {DnsMessage.HeaderBytes} to {maxBytes} are possible");
        if (received.Length < LengthBytes + length)
            return false;
        message = received.Slice(LengthBytes, length).ToArray();
        _start += LengthBytes + length;
        return true;
    }
}
