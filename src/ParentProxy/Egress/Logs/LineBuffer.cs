using System.Buffers;

namespace ParentProxy.Egress.Logs;

/// <summary>Cuts what comes over a connection into lines. It holds memory only while a line is unfinished.</summary>
internal sealed class LineBuffer : IDisposable
{
    private const int FirstSize = 4096;
    private byte[] _bytes = [];
    private int _start;
    private int _end;

    /// <summary>How many bytes from the start on hold no end of a line, so that nothing is searched twice.</summary>
    private int _searched;

    /// <summary>Whether the rest of a line that was too long is still to come.</summary>
    private bool _isSkipping;

    /// <summary>Whether nothing is held.</summary>
    public bool IsEmpty => _start == _end;

    /// <summary>Where to receive: never empty, as long as every line was taken.</summary>
    public Memory<byte> Room()
    {
        if (_start > 0)
        {
            _bytes.AsSpan(_start, _end - _start).CopyTo(_bytes);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _bytes.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(FirstSize, _bytes.Length * 2));
            _bytes.AsSpan(0, _end).CopyTo(larger);
            Return();
            _bytes = larger;
        }

        return _bytes.AsMemory(_end);
    }

    /// <summary>Takes over what was received into <see cref="Room"/>.</summary>
    public void Add(int count) => _end += count;

    /// <summary>The next line, without its end (LF or CRLF); false when there is none yet.</summary>
    /// <param name="maxBytes">The longest line; what is longer comes as its beginning, before its end is there.</param>
    /// <param name="line">The line, until the buffer is used again.</param>
    /// <param name="isCut">Whether it is but the beginning.</param>
    public bool TryTake(int maxBytes, out ReadOnlySpan<byte> line, out bool isCut)
    {
        while (true)
        {
            line = _bytes.AsSpan(_start, _end - _start);
            isCut = false;
            var found = line[_searched..].IndexOf((byte)'\n');
            if (found >= 0)
            {
                var length = _searched + found;
                (_start, _searched) = (_start + length + 1, 0);
                if (_isSkipping)
                {
                    _isSkipping = false;
                    continue;
                }

                line = Bounded(line[..length], maxBytes, out isCut);
                return true;
            }

            // One byte more than the longest line may be the CR of its end.
            if (!_isSkipping && line.Length <= maxBytes + 1)
            {
                _searched = line.Length;
                return false;
            }

            (_start, _end, _searched) = (0, 0, 0);
            if (_isSkipping)
                return false;
            _isSkipping = true;
            line = Bounded(line, maxBytes, out isCut);
            return true;
        }
    }

    /// <summary>At the end of the connection: what came after the last end of a line; false when nothing did.</summary>
    public bool TryTakeLast(int maxBytes, out ReadOnlySpan<byte> line, out bool isCut)
    {
        line = Bounded(_bytes.AsSpan(_start, _end - _start), maxBytes, out isCut);
        var hasLine = !IsEmpty && !_isSkipping;
        (_start, _end, _searched) = (0, 0, 0);
        return hasLine;
    }

    /// <summary>Gives the memory back when nothing is held.</summary>
    public void Trim()
    {
        if (!IsEmpty)
            return;
        Return();
        (_bytes, _start, _end) = ([], 0, 0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        (_start, _end) = (0, 0);
        Trim();
    }

    private void Return()
    {
        if (_bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(_bytes);
    }

    private static ReadOnlySpan<byte> Bounded(ReadOnlySpan<byte> line, int maxBytes, out bool isCut)
    {
        if (line.EndsWith("\r"u8))
            line = line[..^1];
        isCut = line.Length > maxBytes;
        return isCut ? line[..maxBytes] : line;
    }
}
