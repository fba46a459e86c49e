namespace ParentProxy.Http1;

/// <summary>
/// Reads chunks (RFC 9112 §7.1) up to the size line of the last one, from pieces of any size, whichever side sends them.
/// Leading zeros, white space before an extension and any extension are taken, as far as the line is no longer than
/// <paramref name="maxLineBytes"/>; a line ends with CR LF and with nothing else. Holds no data.
/// </summary>
/// <param name="maxLineBytes">Bytes of one size line with its CR LF, at most.</param>
/// <param name="takesPadding">Whether white space may stand behind a size without an extension.</param>
internal sealed class ChunkReader(int maxLineBytes, bool takesPadding)
{
    private State _state;
    private long _size;
    private int _lineBytes;

    private enum State
    {
        FirstDigit,
        Digits,
        Blanks,
        Extensions,
        SizeLineFeed,
        Data,
        DataCarriageReturn,
        DataLineFeed,
        End,
        Broken,
    }

    /// <summary>What is wrong with the framing, once that was found; null before.</summary>
    public string? Fault { get; private set; }

    /// <summary>How much is still to come of the chunk that the last piece of data belongs to.</summary>
    public long Left => _size;

    /// <summary>Begins a new body; necessary before each but the first.</summary>
    public void Reset()
    {
        _state = State.FirstDigit;
        _size = 0;
        _lineBytes = 0;
        Fault = null;
    }

    /// <summary>
    /// Reads from the start of <paramref name="source"/>, which goes on behind what was consumed before: framing, and at most
    /// one piece of data.
    /// </summary>
    /// <param name="source">Bytes of the body, and perhaps some behind it.</param>
    /// <param name="consumed">How many of them are done with, the piece of data included; never any behind the last chunk.</param>
    /// <param name="data">
    /// Where the piece of data is in <paramref name="source"/>; not empty with <see cref="ChunkedProgress.Data"/>.
    /// </param>
    public ChunkedProgress Read(ReadOnlySpan<byte> source, out int consumed, out Range data)
    {
        consumed = 0;
        data = default;
        while (true)
        {
            if (_state == State.End)
                return ChunkedProgress.End;
            if (_state == State.Broken)
                return ChunkedProgress.Broken;
            if (consumed == source.Length)
                return ChunkedProgress.NeedsMore;
            if (_state == State.Data)
                break;
            ReadFraming(source[consumed++]);
        }

        var length = (int)Math.Min(_size, source.Length - consumed);
        data = consumed..(consumed + length);
        consumed += length;
        _size -= length;
        if (_size == 0)
            _state = State.DataCarriageReturn;
        return ChunkedProgress.Data;
    }

    private void ReadFraming(byte octet)
    {
        switch (_state)
        {
            case State.DataCarriageReturn or State.DataLineFeed:
                if (octet != (_state == State.DataCarriageReturn ? '\r' : '\n'))
                {
                    Break("chunk data without CR LF behind it");
                    break;
                }

                _state = _state == State.DataCarriageReturn ? State.DataLineFeed : State.FirstDigit;
                _lineBytes = 0;
                break;
            case State.SizeLineFeed:
                if (octet != '\n')
                    Break("a bare CR in a chunk size line");
                else
                    _state = _size == 0 ? State.End : State.Data;
                break;
            default:
                ReadSizeLine(octet);
                break;
        }
    }

    private void ReadSizeLine(byte octet)
    {
        // With what is still to come: the LF.
        if (++_lineBytes >= maxLineBytes)
        {
            Break($"a chunk size line of more than {maxLineBytes} bytes");
            return;
        }

        if (_state is State.FirstDigit or State.Digits && char.IsAsciiHexDigit((char)octet))
        {
            // Sixteen digits would do for a negative number.
            if (_size > long.MaxValue >> 4)
            {
                Break($"a chunk size above {long.MaxValue}");
                return;
            }

            _size = (_size << 4) | (uint)HexValue(octet);
            _state = State.Digits;
            return;
        }

        switch (octet)
        {
            case (byte)'\n':
                Break("a bare LF in a chunk size line");
                break;
            case (byte)'\r' when _state is State.Digits or State.Extensions || (_state == State.Blanks && takesPadding):
                _state = State.SizeLineFeed;
                break;
            case (byte)';' when _state != State.FirstDigit:
                _state = State.Extensions;
                break;
            case (byte)' ' or (byte)'\t' when _state is State.Digits or State.Blanks:
                _state = State.Blanks;
                break;
            // What extensions mean is of no interest, since nobody may rely on them: they end with us.
            case (byte)'\t' or >= (byte)' ' and not 0x7F when _state == State.Extensions:
                break;
            default:
                Break(_state == State.Extensions
                    ? $"a control byte (0x{octet:X2}) in a chunk size line"
                    : "a chunk size that is not a hexadecimal number");
                break;
        }
    }

    private void Break(string fault)
    {
        Fault = fault;
        _state = State.Broken;
    }

    private static int HexValue(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
