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

    // Old servers pad the size with blanks; HAProxy and nginx take that too.
    private readonly ChunkReader _chunks = new(limits.MaxChunkLineBytes, takesPadding: true);
    private readonly List<FieldLine> _trailers = [];
    private ArrayBufferWriter<byte> _line = new();
    private State _state;
    private int _scanned;
    private int _trailerBytes;
    private int _trailerLines;

    private enum State
    {
        Chunks,
        Trailers,
        End,
    }

    /// <summary>The trailer fields, complete after <see cref="ChunkedProgress.End"/> and until <see cref="Reset"/>.</summary>
    public IReadOnlyList<FieldLine> Trailers => _trailers;

    /// <summary>Begins a new body; necessary before each but the first.</summary>
    public void Reset()
    {
        _chunks.Reset();
        _state = State.Chunks;
        _scanned = _trailerBytes = _trailerLines = 0;
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
    /// <param name="data">
    /// Where the piece of data is in <paramref name="source"/>; not empty with <see cref="ChunkedProgress.Data"/>.
    /// </param>
    /// <exception cref="InvalidResponseException">The framing is wrong, or more than we accept.</exception>
    public ChunkedProgress Read(ReadOnlySpan<byte> source, out int consumed, out Range data)
    {
        consumed = 0;
        data = default;
        if (_state == State.Chunks)
        {
            var progress = _chunks.Read(source, out consumed, out data);
            if (progress == ChunkedProgress.Broken)
                throw new InvalidResponseException(_chunks.Fault!);
            if (progress != ChunkedProgress.End)
                return progress;
            _state = State.Trailers;
        }

        while (_state == State.Trailers)
        {
            if (consumed == source.Length)
                return ChunkedProgress.NeedsMore;
            consumed += ReadTrailers(source[consumed..]);
        }

        return ChunkedProgress.End;
    }

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
