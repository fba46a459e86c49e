using System.Buffers.Binary;

namespace ParentProxy.Dns;

/// <summary>
/// Finds the messages of a stream of questions, with lengths before them or without. The first eight bytes tell which, for good,
/// however they come: where a question has the counts 1 and 0 (one question, no answer), a framed one, two bytes further on, has its
/// flags and the count 1, so no question is both.
/// </summary>
internal sealed class MessageSplitter
{
    private const int DecisiveBytes = 8;
    private const int LengthBytes = 2;

    /// <summary>A question with every option in use is far shorter, and this much every stream may have in memory.</summary>
    private const int MaxFramedBytes = 4096;

    /// <summary>What socat reads at once: no datagram that it passed on is longer.</summary>
    private const int MaxBareBytes = 8192;

    private byte[] _buffer = new byte[512];
    private int _start;
    private int _end;

    /// <summary>Which of the two it is.</summary>
    public StreamFraming Framing { get; private set; }

    /// <summary>Whether a part of a message is there.</summary>
    public bool HasPart => _end > _start;

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
    /// <param name="message">
    /// The message, its caller's own. Of one that is <see cref="SplitStatus.Lost"/> what there is: perhaps its header can be answered.
    /// </param>
    public SplitStatus Take(out byte[] message)
    {
        message = [];
        var received = _buffer.AsSpan(_start.._end);
        if (Framing == StreamFraming.Undecided)
        {
            if (received.Length < DecisiveBytes)
                return SplitStatus.NeedMore;
            Framing = IsFramed(received) ? StreamFraming.Framed : StreamFraming.Bare;
        }

        return Framing == StreamFraming.Framed ? TakeFramed(received, ref message) : TakeBare(received, ref message);
    }

    // What is neither is taken for framed only where its header could be a question's: of such a message the end is known.
    private static bool IsFramed(ReadOnlySpan<byte> start)
    {
        var first = BinaryPrimitives.ReadUInt16BigEndian(start);
        var third = BinaryPrimitives.ReadUInt16BigEndian(start[4..]);
        var fourth = BinaryPrimitives.ReadUInt16BigEndian(start[6..]);
        if (third == 1 && fourth == 0 || first < DnsMessage.HeaderBytes)
            return false;
        return fourth == 1 || fourth <= byte.MaxValue && ((DnsFlags)third & (DnsFlags.Response | DnsFlags.ResponseCode)) == 0;
    }

    private SplitStatus TakeFramed(ReadOnlySpan<byte> received, ref byte[] message)
    {
        if (received.Length < LengthBytes)
            return SplitStatus.NeedMore;
        var length = BinaryPrimitives.ReadUInt16BigEndian(received);
        if (length < DnsMessage.HeaderBytes)
            return SplitStatus.Lost;
        if (length > MaxFramedBytes && received.Length >= LengthBytes + DnsMessage.HeaderBytes)
        {
            message = received.Slice(LengthBytes, DnsMessage.HeaderBytes).ToArray();
            return SplitStatus.Lost;
        }

        if (received.Length < LengthBytes + length)
            return SplitStatus.NeedMore;
        message = received.Slice(LengthBytes, length).ToArray();
        _start += LengthBytes + length;
        return SplitStatus.Message;
    }

    private SplitStatus TakeBare(ReadOnlySpan<byte> received, ref byte[] message)
    {
        if (received.Length < DnsMessage.HeaderBytes)
            return SplitStatus.NeedMore;

        // One question, no answer, no authority, at most an OPT record: other counts would have us wait for what never comes.
        ReadOnlySpan<byte> counts = received[4..DnsMessage.HeaderBytes];
        var walk = counts is [0, 1, 0, 0, 0, 0, 0, <= 1]
            ? DnsMessage.Walk(_buffer.AsMemory(_start.._end), out var walked)
            : Malformed(out walked);
        if (walk == DnsWalk.Incomplete && received.Length < MaxBareBytes)
            return SplitStatus.NeedMore;
        message = received[..(walked?.Bytes.Length ?? received.Length)].ToArray();
        if (walked is null)
            return SplitStatus.Lost;
        _start += message.Length;
        return SplitStatus.Message;
    }

    private static DnsWalk Malformed(out DnsMessage? walked)
    {
        walked = null;
        return DnsWalk.Malformed;
    }
}
