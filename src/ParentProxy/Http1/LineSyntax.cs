using System.Buffers;

namespace ParentProxy.Http1;

/// <summary>Lines and field lines, strictly as RFC 9112 has them: what it lets a recipient repair is refused.</summary>
internal static class LineSyntax
{
    /// <summary>The length of what ends a line: CR LF.</summary>
    public const int EndBytes = 2;

    private const byte CarriageReturn = (byte)'\r';
    private const byte LineFeed = (byte)'\n';

    // Control bytes but HTAB: RFC 9110 §5.5, and §4 of RFC 9112 for the reason phrase. Bytes from 0x80 are legal (obs-text).
    private static readonly SearchValues<byte> Controls =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Append(0x7F).Where(b => b != '\t').Select(b => (byte)b)]);

    private static readonly SearchValues<byte> TokenBytes =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    /// <summary>
    /// Looks for the end of a line from <paramref name="scanned"/> on, and moves that behind what never has to be looked at
    /// again. A control byte in the line, a bare CR or LF too, is refused at once.
    /// </summary>
    /// <param name="bytes">What is there.</param>
    /// <param name="scanned">Not before the start of the line.</param>
    /// <param name="end">Where the CR is.</param>
    /// <param name="place">What the line is a part of, for the reason.</param>
    public static bool TryFindEnd(ReadOnlySpan<byte> bytes, ref int scanned, out int end, string place)
    {
        var at = bytes[scanned..].IndexOfAny(Controls);
        end = scanned = at < 0 ? bytes.Length : scanned + at;
        if (at < 0)
            return false;

        if (bytes[end] != CarriageReturn)
            throw new InvalidResponseException(
                bytes[end] == LineFeed ? $"a bare LF in {place}" : $"a control byte (0x{bytes[end]:X2}) in {place}");
        if (end + 1 == bytes.Length)
            return false;
        if (bytes[end + 1] != LineFeed)
            throw new InvalidResponseException($"a bare CR in {place}");
        return true;
    }

    /// <summary>Splits a field line, which <see cref="TryFindEnd"/> has found, into its name and its value.</summary>
    public static void Split(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        if (IsBlank(line[0]))
            throw new InvalidResponseException("a folded field line");
        var colon = line.IndexOf((byte)':');
        if (colon < 0)
            throw new InvalidResponseException("a field line without a colon");
        if (colon == 0)
            throw new InvalidResponseException("a field line with an empty name");
        name = line[..colon];
        if (IsBlank(name[^1]))
            throw new InvalidResponseException("a space between a field name and its colon");
        if (name.ContainsAnyExcept(TokenBytes))
            throw new InvalidResponseException("a field name with a byte that no name may have");
        value = line[(colon + 1)..].Trim(" \t"u8);
    }

    /// <summary>Whether this is SP or HTAB.</summary>
    public static bool IsBlank(byte octet) => octet is (byte)' ' or (byte)'\t';
}
