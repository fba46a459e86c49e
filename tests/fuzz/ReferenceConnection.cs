using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;
using ParentProxy.Http1;

namespace ParentProxy.Fuzz;

/// <summary>
/// Reads responses as <see cref="ParsedConnection"/> does, but from the whole, with strings and regular expressions, each of
/// which can be held against the grammar of RFC 9112. Shares no code with what it is compared to.
/// </summary>
internal sealed class ReferenceConnection
{
    private const string TextBytes = @"[\t\x20-\x7E\x80-\xFF]*";
    private const string Token = @"[!#$%&'*+\-.^_`|~0-9A-Za-z]+";
    private const string Number = @"[0-9]+";

    private static readonly Regex StatusLine = Make($@"HTTP/1\.(?<minor>[01]) (?<status>[1-5][0-9][0-9])(?: (?<reason>{TextBytes}))?");
    private static readonly Regex FieldLine = Make($@"(?<name>{Token}):[ \t]*(?<value>.*?)[ \t]*");
    private static readonly Regex Line = Make(TextBytes);
    private static readonly Regex LineBeginning = Make($@"{TextBytes}\r?");
    private static readonly Regex Length = Make($@"{Number}(?:[ \t]*,[ \t]*{Number})*");
    private static readonly Regex Timeout = Make($@"[ \t]*[Tt][Ii][Mm][Ee][Oo][Uu][Tt][ \t]*=[ \t]*(?<seconds>{Number})[ \t]*");
    private static readonly Regex SizeLine = Make($@"(?<size>[0-9A-Fa-f]+)[ \t]*(?:;{TextBytes})?");
    private static readonly Regex SizeLineBeginning = Make($@"(?:(?<size>[0-9A-Fa-f]+)[ \t]*(?:;{TextBytes})?\r?)?");

    private static readonly string[] DroppedTrailers =
    [
        "Connection", "Content-Encoding", "Content-Length", "Content-Range", "Content-Type", "Host", "Keep-Alive",
        "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
    ];

    private readonly string _text;
    private readonly Http1Limits _limits;
    private readonly bool _isHead;
    private readonly Outcome _outcome = new();
    private int _at;

    private ReferenceConnection(byte[] input, Http1Limits limits, bool isHead)
    {
        _text = Encoding.Latin1.GetString(input);
        _limits = limits;
        _isHead = isHead;
    }

    /// <summary>Reads all.</summary>
    public static Outcome Read(byte[] input, Http1Limits limits, bool isHead)
    {
        var connection = new ReferenceConnection(input, limits, isHead);
        Ending? ending;
        do
        {
            ending = connection.ReadResponse();
            if (ending is null)
                connection._outcome.EndResponse(connection._at);
        }
        while (ending is null && connection._at < input.Length);
        connection._outcome.End(ending ?? Ending.Complete);
        return connection._outcome;
    }

    private static Regex Make(string whole) =>
        new($@"\A(?:{whole})\z", RegexOptions.CultureInvariant | RegexOptions.Singleline | RegexOptions.Compiled);

    // Here and below: null when it is complete and what comes next can be read.
    private Ending? ReadResponse()
    {
        var limit = _at + _limits.MaxHeadBytes;
        var beginning = _text[_at..Math.Min(_text.Length, limit)];
        if (!beginning.StartsWith("HTTP/1.", StringComparison.Ordinal) && !"HTTP/1.".StartsWith(beginning, StringComparison.Ordinal))
            return Ending.Refused;
        if (ReadLine(limit, out var line) is { } noLine)
            return noLine;
        var start = StatusLine.Match(line);
        if (!start.Success)
            return Ending.Refused;
        var minorVersion = int.Parse(start.Groups["minor"].Value, CultureInfo.InvariantCulture);
        var status = int.Parse(start.Groups["status"].Value, CultureInfo.InvariantCulture);

        List<(string Name, string Value)> fields = [];
        BigInteger? length = null;
        var chunked = false;
        if (ReadFields(limit, fields, () => TryGetFraming(fields, out length, out chunked)) is { } noFields)
            return noFields;
        if (chunked && (length is not null || minorVersion == 0))
            return Ending.Refused;
        if (status is < 200 or 204)
            (length, chunked) = (null, false);
        AddHead(minorVersion, status, start.Groups["reason"].Value, (long?)length, chunked, fields);

        if (status == 101)
            return Ending.Open;
        if (status is < 200 or 204 or 304 || _isHead)
            return null;
        if (chunked)
            return ReadChunks();
        return length is null ? Ending.Open : ReadData(length.Value);
    }

    // An unfinished line is judged by what there is of it; one that does not end within the limit never will.
    private Ending? ReadLine(int limit, out string line)
    {
        var there = _text[_at..Math.Min(_text.Length, limit)];
        var end = there.IndexOf("\r\n", StringComparison.Ordinal);
        line = end < 0 ? there : there[..end];
        if (end < 0)
            return LineBeginning.IsMatch(line) && _at + there.Length < limit ? Ending.Incomplete : Ending.Refused;
        if (!Line.IsMatch(line))
            return Ending.Refused;
        _at += end + 2;
        return null;
    }

    private Ending? ReadFields(int limit, List<(string Name, string Value)> fields, Func<bool> areGood)
    {
        while (true)
        {
            if (ReadLine(limit, out var line) is { } noLine)
                return noLine;
            if (line == "")
                return null;
            var match = FieldLine.Match(line);
            fields.Add((match.Groups["name"].Value, match.Groups["value"].Value));
            if (!match.Success || fields.Count > _limits.MaxFields || !areGood())
                return Ending.Refused;
        }
    }

    private static bool TryGetFraming(List<(string Name, string Value)> fields, out BigInteger? length, out bool chunked)
    {
        length = null;
        chunked = false;
        var lengths = ValuesOf(fields, "Content-Length").ToList();
        var codings = ValuesOf(fields, "Transfer-Encoding").ToList();
        if (!lengths.TrueForAll(Length.IsMatch))
            return false;
        var numbers = lengths
            .SelectMany(v => v.Split(','))
            .Select(n => BigInteger.Parse(n.Trim(' ', '\t'), CultureInfo.InvariantCulture))
            .Distinct()
            .ToList();
        if (numbers.Count > 1 || numbers.Exists(n => n > long.MaxValue))
            return false;
        if (codings.Count > 1 || !codings.TrueForAll(c => IsName(c, "chunked")))
            return false;
        length = numbers.Count == 1 ? numbers[0] : null;
        chunked = codings.Count == 1;
        return true;
    }

    private Ending? ReadData(BigInteger length)
    {
        var count = (int)BigInteger.Min(length, _text.Length - _at);
        _outcome.AddData(Encoding.Latin1.GetBytes(_text.Substring(_at, count)));
        _at += count;
        return count == length ? null : Ending.Incomplete;
    }

    private Ending? ReadChunks()
    {
        while (true)
        {
            if (ReadSize(out var size) is { } noSize)
                return noSize;
            if (size == 0)
                break;
            if (ReadData(size) is { } noData)
                return noData;
            var behind = _text.Substring(_at, Math.Min(2, _text.Length - _at));
            if (behind != "\r\n")
                return behind is "" or "\r" ? Ending.Incomplete : Ending.Refused;
            _at += 2;
        }

        List<(string Name, string Value)> fields = [];
        if (ReadFields(_at + _limits.MaxTrailerBytes, fields, () => true) is { } noFields)
            return noFields;
        _outcome.AddFields(fields.Where(f => !Array.Exists(DroppedTrailers, d => IsName(f.Name, d))));
        return null;
    }

    private Ending? ReadSize(out BigInteger size)
    {
        var end = _text.IndexOf("\r\n", _at, StringComparison.Ordinal);
        var line = end < 0 ? _text[_at..] : _text[_at..end];
        var match = (end < 0 ? SizeLineBeginning : SizeLine).Match(line);
        // Not unsigned without the zero.
        size = BigInteger.Parse($"0{match.Groups["size"].Value}", NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        var count = line.Length + (end < 0 ? 1 : 2);
        if (!match.Success || size > long.MaxValue || count > _limits.MaxChunkLineBytes)
            return Ending.Refused;
        if (end < 0)
            return Ending.Incomplete;
        _at = end + 2;
        return null;
    }

    private void AddHead(int minorVersion, int status, string reason, long? length, bool chunked, List<(string Name, string Value)> fields)
    {
        var options = ValuesOf(fields, "Connection")
            .SelectMany(v => v.Split(','))
            .Select(o => o.Trim(' ', '\t'))
            .Where(o => o != "")
            .ToList();
        var upgrades = ValuesOf(fields, "Upgrade").ToList();
        var timeouts = ValuesOf(fields, "Keep-Alive").SelectMany(v => v.Split(',')).Select(p => Timeout.Match(p)).Where(m => m.Success)
            .Select(m => BigInteger.Parse(m.Groups["seconds"].Value, CultureInfo.InvariantCulture)).Where(n => n <= int.MaxValue).ToList();
        _outcome.AddHead(
            minorVersion,
            status,
            reason,
            length,
            chunked,
            options.Exists(o => IsName(o, "close")),
            options.Exists(o => IsName(o, "keep-alive")),
            options.Exists(o => IsName(o, "upgrade")),
            options.Where(o => !IsName(o, "close") && !IsName(o, "keep-alive") && !IsName(o, "upgrade")),
            upgrades.Count == 0 ? null : string.Join(", ", upgrades),
            timeouts.Count == 0 ? null : (int)timeouts.Min(),
            fields);
    }

    private static IEnumerable<string> ValuesOf(IEnumerable<(string Name, string Value)> fields, string name) =>
        fields.Where(f => IsName(f.Name, name)).Select(f => f.Value);

    private static bool IsName(string text, string name) => string.Equals(text, name, StringComparison.OrdinalIgnoreCase);
}
