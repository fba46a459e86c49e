using System.Buffers;
using System.Text;

namespace ParentProxy.Http1;

/// <summary>
/// Decodes chunked bodies (RFC 9112 §7.1), one after the other, from pieces of any size. Holds no data: only a trailer line
/// that came in parts is kept until it is whole.
/// </summary>
internal sealed class ChunkedDecoder(Http1Limits limits)
{
    private const string TrailerPlace = "the trailers";

    // What an idle connection may hold for the trailers of a later body.
    private const int MaxKeptLineBytes = 1024;

    private readonly List<FieldLine> _trailers = [];
    private ArrayBufferWriter<byte> _line = new();
    private State _state;
    private long _size;
    private int _sizeLineBytes;
    private int _scanned;
    private int _trailerBytes;
    private int _trailerLines;

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
        Trailers,
        End,
    }

    /// <summary>The trailer fields, complete after <see cref="ChunkedProgress.End"/> and until <see cref="Reset"/>.</summary>
    public IReadOnlyList<FieldLine> Trailers => _trailers;

    /// <summary>Begins a new body; necessary before each but the first.</summary>
    public void Reset()
    {
        _state = State.FirstDigit;
        _size = 0;
        _sizeLineBytes = _scanned = _trailerBytes = _trailerLines = 0;
        _trailers.Clear();
        if (_line.Capacity > MaxKeptLineBytes)
            _line = new();
        else
            _line.ResetWrittenCount();
    }

    /// <summary>
    /// Decodes from the start of <paramref name="source"/>, which goes on behind what was consumed before: framing, and at
    /// most one piece of data.
    /// </summary>
    /// <param name="source">Bytes of the body, and perhaps some behind it.</param>
    /// <param name="consumed">How many of them are done with, the piece of data included; never any behind the body.</param>
    /// <param name="data">Where the piece of data is in <paramref name="source"/>; not empty with <see cref="ChunkedProgress.Data"/>.</param>
    /// <exception cref="InvalidResponseException">The framing is wrong, or more than we accept.</exception>
    public ChunkedProgress Read(ReadOnlySpan<byte> source, out int consumed, out Range data)
    {
        consumed = 0;
        data = default;
        while (_state != State.End)
        {
            if (consumed == source.Length)
                return ChunkedProgress.NeedsMore;

            switch (_state)
            {
                case State.Data:
                    var length = (int)Math.Min(_size, source.Length - consumed);
                    data = consumed..(consumed + length);
                    consumed += length;
                    _size -= length;
                    if (_size == 0)
                        _state = State.DataCarriageReturn;
                    return ChunkedProgress.Data;
                case State.Trailers:
                    consumed += ReadTrailers(source[consumed..]);
                    break;
                default:
                    ReadFraming(source[consumed++]);
                    break;
            }
        }

        return ChunkedProgress.End;
    }

    private void ReadFraming(byte octet)
    {
        switch (_state)
        {
            case State.DataCarriageReturn or State.DataLineFeed:
                if (octet != (_state == State.DataCarriageReturn ? '\r' : '\n'))
                    throw new InvalidResponseException("chunk data without CR LF behind it");
                _state = _state == State.DataCarriageReturn ? State.DataLineFeed : State.FirstDigit;
                _sizeLineBytes = 0;
                break;
            case State.SizeLineFeed:
                if (octet != '\n')
                    throw new InvalidResponseException("a bare CR in a chunk size line");
                _state = _size == 0 ? State.Trailers : State.Data;
                break;
            default:
                ReadSizeLine(octet);
                break;
        }
    }

    private void ReadSizeLine(byte octet)
    {
        // With what is still to come: the LF.
        if (++_sizeLineBytes >= limits.MaxChunkLineBytes)
            throw new InvalidResponseException($"a chunk size line of more than {limits.MaxChunkLineBytes} bytes");

        if (_state is State.FirstDigit or State.Digits && char.IsAsciiHexDigit((char)octet))
        {
            // Sixteen digits would do for a negative number.
            if (_size > long.MaxValue >> 4)
                throw new InvalidResponseException($"a chunk size above {long.MaxValue}");
            _size = (_size << 4) | (uint)HexValue(octet);
            _state = State.Digits;
            return;
        }

        switch (octet)
        {
            case (byte)'\n':
                throw new InvalidResponseException("a bare LF in a chunk size line");
            case (byte)'\r' when _state != State.FirstDigit:
                _state = State.SizeLineFeed;
                break;
            case (byte)';' when _state != State.FirstDigit:
                _state = State.Extensions;
                break;
            // Old servers pad the number with blanks; HAProxy and nginx take them too.
            case (byte)' ' or (byte)'\t' when _state == State.Digits:
                _state = State.Blanks;
                break;
            case (byte)' ' or (byte)'\t' when _state == State.Blanks:
                break;
            // What extensions mean is of no interest, since nobody may rely on them: they end with us.
            case (byte)'\t' or >= (byte)' ' and not 0x7F when _state == State.Extensions:
                break;
            default:
                throw new InvalidResponseException(_state == State.Extensions
                    ? $"a control byte (0x{octet:X2}) in a chunk size line"
                    : "a chunk size that is not a hexadecimal number");
        }
    }

    private static int HexValue(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    // Takes no byte behind the line that is next, since the body may end with it.
    private int ReadTrailers(ReadOnlySpan<byte> source)
    {
        var lineFeed = source.IndexOf((byte)'\n');
        var piece = source[..Math.Min(lineFeed < 0 ? source.Length : lineFeed + 1, limits.MaxTrailerBytes - _trailerBytes)];
        _trailerBytes += piece.Length;
        var line = piece;
        if (lineFeed < 0 || _line.WrittenCount > 0)
        {
            _line.Write(piece);
            line = _line.WrittenSpan;
        }

        if (LineSyntax.TryFindEnd(line, ref _scanned, out var end, TrailerPlace))
        {
            ReadTrailer(line[..end]);
            _scanned = 0;
            _line.ResetWrittenCount();
        }

        if (_state == State.Trailers && _trailerBytes == limits.MaxTrailerBytes)
            throw new InvalidResponseException($"the trailers are larger than {limits.MaxTrailerBytes} bytes");
        return piece.Length;
    }

    private void ReadTrailer(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty)
        {
            _state = State.End;
            return;
        }

        if (++_trailerLines > limits.MaxFields)
            throw new InvalidResponseException($"more than {limits.MaxFields} trailer fields");
        LineSyntax.Split(line, out var name, out var value);
        var field = new FieldLine(FieldNames.Get(name), Encoding.Latin1.GetString(value));
        if (TrailerFields.IsAllowed(field.Name))
            _trailers.Add(field);
    }
}
