using System.Diagnostics;
using System.Text;

namespace ParentProxy.Http1;

/// <summary>
/// Parses the response heads of one connection. A line equal to the one at its place in the head before costs a comparison
/// and no string: on a connection between two programs most are.
/// </summary>
internal sealed class ResponseHeadParser(Http1Limits limits)
{
    // What an idle connection may hold of the head before.
    private const int MaxKnownBytes = 4 * 1024;

    private const string Place = "the head";

    // The lines of the head before, from the first on; their bytes are in _knownBytes. While a head is parsed, its own lines
    // replace them one by one (_ownLines), and the bytes follow at its end, if any line differs.
    private KnownLine[] _known = [];
    private byte[] _knownBytes = [];
    private int _knownLines;
    private int _ownLines;
    private bool _differs;

    private int _lines;
    private int _lineStart;
    private int _scanned;
    private bool _complete;

    /// <summary>The head; valid from when <see cref="TryParse"/> returned true until <see cref="Reset"/>.</summary>
    public ResponseHead Head { get; } = new();

    /// <summary>Begins a new head; necessary before each but the first, also behind an interim one.</summary>
    public void Reset()
    {
        // The lines of a head that was left in the middle do not belong to the bytes.
        if (_ownLines > 0 && !_complete)
            _knownLines = 0;
        _ownLines = _lines = _lineStart = _scanned = 0;
        _complete = _differs = false;
        Head.Clear();
    }

    /// <summary>
    /// Parses what is there of the head; false when that is not all of it. The buffer begins with the same byte of the same
    /// head in each call, and only grows.
    /// </summary>
    /// <exception cref="InvalidResponseException">It is no response head or one that we refuse, as soon as that is known.</exception>
    public bool TryParse(ReadOnlySpan<byte> buffer, out int consumed)
    {
        Debug.Assert(!_complete, "Reset first.");
        consumed = 0;
        // Not to look behind the limit makes what is found independent of how much came at once.
        var head = buffer.Length > limits.MaxHeadBytes ? buffer[..limits.MaxHeadBytes] : buffer;
        if (_lines == 0)
            CheckBeginning(head);

        while (LineSyntax.TryFindEnd(head, ref _scanned, out var end, Place))
        {
            var line = head[_lineStart..end];
            if (line.IsEmpty)
            {
                consumed = end + LineSyntax.EndBytes;
                Complete(head);
                return true;
            }

            if (_lines == 0)
                ReadStatusLine(line);
            else
                ReadField(line);
            _lines++;
            _lineStart = _scanned = end + LineSyntax.EndBytes;
        }

        if (head.Length == limits.MaxHeadBytes)
            throw new InvalidResponseException($"the head is larger than {limits.MaxHeadBytes} bytes");
        return false;
    }

    // Another protocol, or the rest of a body, need not go on to a line end to be known.
    private static void CheckBeginning(ReadOnlySpan<byte> head)
    {
        var expected = "HTTP/1."u8;
        if (head.StartsWith(expected[..Math.Min(head.Length, expected.Length)]))
            return;
        throw new InvalidResponseException(head switch
        {
            [(byte)'\r' or (byte)'\n', ..] => "an empty line before the status line",
            _ when head.StartsWith("HTTP/"u8) => "a version other than HTTP/1.0 and HTTP/1.1",
            _ => "it does not begin with HTTP/1.",
        });
    }

    // HTTP-version SP status-code [SP [reason-phrase]]: RFC 9112 §4, but the second SP may be missing, as from many servers.
    private void ReadStatusLine(ReadOnlySpan<byte> line)
    {
        // RFC 9110 §2.5 would have us read 1.2 as 1.1, and HAProxy takes any two digits. But there is no such version, so
        // what says so was not made by an HTTP server.
        if (line.Length < 8 || line[7] is not ((byte)'0' or (byte)'1') || (line.Length > 8 && line[8] != ' '))
            throw new InvalidResponseException("a version other than HTTP/1.0 and HTTP/1.1");
        if (line.Length < 12 || line[9..12].ContainsAnyExceptInRange((byte)'0', (byte)'9') || (line.Length > 12 && line[12] != ' '))
            throw new InvalidResponseException("a status line without a status of three digits");
        var status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + line[11] - '0';
        if (status is < 100 or > 599)
            throw new InvalidResponseException($"the status {status:D3}");

        ref readonly var known = ref KnownAt(_lines);
        var isEqual = IsEqual(known, line);
        var reason = isEqual ? known.Field.Value : Encoding.Latin1.GetString(line[Math.Min(13, line.Length)..]);
        Remember(line, isEqual, new FieldLine("", reason), FieldKind.Other);
        Head.Begin(line[7] - '0', status, reason);
    }

    private void ReadField(ReadOnlySpan<byte> line)
    {
        if (_lines > limits.MaxFields)
            throw new InvalidResponseException($"more than {limits.MaxFields} fields");

        FieldLine field;
        FieldKind kind;
        ref readonly var known = ref KnownAt(_lines);
        var isEqual = IsEqual(known, line);
        if (isEqual)
        {
            (field, kind) = (known.Field, known.Kind);
        }
        else
        {
            LineSyntax.Split(line, out var name, out var value);
            var isNamedAlike = HasName(known, name);
            field = new FieldLine(isNamedAlike ? known.Field.Name : FieldNames.Get(name), Encoding.Latin1.GetString(value));
            kind = isNamedAlike ? known.Kind : KindOf(name);
        }

        Remember(line, isEqual, field, kind);
        Head.Add(field, kind);
    }

    private static FieldKind KindOf(ReadOnlySpan<byte> name) => name.Length switch
    {
        7 when Ascii.EqualsIgnoreCase(name, "Upgrade"u8) => FieldKind.Upgrade,
        10 when Ascii.EqualsIgnoreCase(name, "Connection"u8) => FieldKind.Connection,
        10 when Ascii.EqualsIgnoreCase(name, "Keep-Alive"u8) => FieldKind.KeepAlive,
        14 when Ascii.EqualsIgnoreCase(name, "Content-Length"u8) => FieldKind.ContentLength,
        17 when Ascii.EqualsIgnoreCase(name, "Transfer-Encoding"u8) => FieldKind.TransferEncoding,
        _ => FieldKind.Other,
    };

    private ref readonly KnownLine KnownAt(int index)
    {
        if (index < _knownLines)
            return ref _known[index];
        return ref KnownLine.None;
    }

    private ReadOnlySpan<byte> BytesOf(in KnownLine known) => _knownBytes.AsSpan(known.Start, known.Length);

    private bool IsEqual(in KnownLine known, ReadOnlySpan<byte> line) => known.Length == line.Length && BytesOf(known).SequenceEqual(line);

    private bool HasName(in KnownLine known, ReadOnlySpan<byte> name) =>
        known.Length > name.Length && BytesOf(known) is var bytes && bytes[name.Length] == ':' && bytes.StartsWith(name);

    private void Remember(ReadOnlySpan<byte> line, bool isEqual, in FieldLine field, FieldKind kind)
    {
        // And none behind it either: these begin later still.
        if (_lineStart + line.Length > MaxKnownBytes)
            return;
        _differs |= !isEqual;
        if (_ownLines == _known.Length)
            Array.Resize(ref _known, Math.Max(16, 2 * _known.Length));
        _known[_ownLines++] = new KnownLine(_lineStart, line.Length, field, kind);
    }

    private void Complete(ReadOnlySpan<byte> head)
    {
        Head.Complete();
        _complete = true;
        if (_differs)
        {
            ref readonly var last = ref _known[_ownLines - 1];
            var length = last.Start + last.Length;
            if (_knownBytes.Length < length)
                _knownBytes = new byte[Math.Clamp(2 * length, 512, MaxKnownBytes)];
            head[..length].CopyTo(_knownBytes);
        }

        if (_ownLines < _knownLines)
            Array.Clear(_known, _ownLines, _knownLines - _ownLines);
        _knownLines = _ownLines;
    }

    // Where a line is in _knownBytes, and what it was parsed to.
    private readonly record struct KnownLine(int Start, int Length, FieldLine Field, FieldKind Kind)
    {
        public static readonly KnownLine None;
    }
}
