namespace ParentProxy.Ingress.Forwarding;

/// <summary>
/// Follows the frames of one direction of a WebSocket (RFC 6455 §5.2), just far enough to know whether a Close frame has come:
/// a connection that ends without one was cut off, however politely its sockets were closed. Of the payload nothing is read.
/// </summary>
/// <param name="areMasked">Whether this direction masks its frames, as a client does.</param>
internal sealed class WebSocketFrames(bool areMasked)
{
    private const byte Final = 0x80;
    private const byte Masked = 0x80;
    private const byte Reserved2And3 = 0x30;
    private const int MaskBytes = 4;
    private const int MaxControlPayload = 125;
    private const int Continuation = 0;
    private const int Binary = 2;
    private const int Close = 8;
    private const int Pong = 10;

    private Part _next = Part.First;
    private int _opcode;
    private bool _isFinal;
    private bool _isInMessage;
    private int _lengthBytes;
    private ulong _left;
    private volatile bool _hasClose;
    private volatile bool _areOther;

    private enum Part
    {
        /// <summary>FIN, the reserved bits, the opcode.</summary>
        First,

        /// <summary>The mask bit, and the length or what stands for a longer one.</summary>
        Second,

        /// <summary>The length of more than 125 bytes.</summary>
        Length,

        /// <summary>Mask and payload, of which nothing is read.</summary>
        Rest,
    }

    /// <summary>Whether a Close frame has come.</summary>
    public bool HasClose => _hasClose;

    /// <summary>Whether what has come are no frames: applications use a tunnel for other things, too. Nothing is known then.</summary>
    public bool AreOther => _areOther;

    /// <summary>Takes what comes next.</summary>
    public void Follow(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && !_hasClose && !_areOther)
        {
            if (_next == Part.Rest)
            {
                var skipped = (int)Math.Min(_left, (ulong)bytes.Length);
                _left -= (ulong)skipped;
                bytes = bytes[skipped..];
                if (_left == 0)
                    _next = Part.First;
                continue;
            }

            Take(bytes[0]);
            bytes = bytes[1..];
        }
    }

    private void Take(byte value)
    {
        switch (_next)
        {
            case Part.First:
                Begin(value);
                break;
            case Part.Second:
                BeginLength(value);
                break;
            default:
                _left = (_left << 8) | value;
                if (--_lengthBytes == 0)
                    EndHead(_left);
                break;
        }
    }

    private void Begin(byte value)
    {
        _opcode = value & 0x0F;
        _isFinal = (value & Final) != 0;
        var isControl = _opcode >= Close;
        var isKnown = _opcode is <= Binary or (>= Close and <= Pong);
        var isInOrder = isControl ? _isFinal : _opcode == Continuation == _isInMessage;

        // The first reserved bit is that of compression; the others mean nothing to anybody.
        _areOther = !isKnown || !isInOrder || (value & Reserved2And3) != 0;
        if (!isControl)
            _isInMessage = !_isFinal;
        _next = Part.Second;
    }

    private void BeginLength(byte value)
    {
        var length = value & 0x7F;
        if ((value & Masked) != 0 != areMasked || (_opcode >= Close && length > MaxControlPayload))
        {
            _areOther = true;
            return;
        }

        _left = 0;
        _lengthBytes = length switch { 126 => 2, 127 => 8, _ => 0 };
        if (_lengthBytes > 0)
            _next = Part.Length;
        else
            EndHead((ulong)length);
    }

    private void EndHead(ulong length)
    {
        _hasClose = _opcode == Close;
        _left = length + (areMasked ? (ulong)MaskBytes : 0);
        _next = _left == 0 ? Part.First : Part.Rest;
    }
}
