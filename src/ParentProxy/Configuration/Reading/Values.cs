using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Numerics;
using System.Text.RegularExpressions;

namespace ParentProxy.Configuration.Reading;

/// <summary>
/// The forms that values are written in. Stricter than .NET's own parsers, which take a bare 5 for five days, a blank for
/// nothing and 10.0.0.7/8 for 10.0.0.0/8.
/// </summary>
internal static partial class Values
{
    /// <summary>Timers take at most 2^32-2 ms, sockets 2^31-1 ms (24.8 days).</summary>
    public static readonly TimeSpan LongestDuration = TimeSpan.FromDays(24);

    private const string DurationForm = "hh:mm:ss, like 00:00:05, or 00:00:00.250, or 1.00:00:00 for a day";

    /// <summary>A time, written <c>[d.]hh:mm:ss[.fff]</c>.</summary>
    public static Parsed<TimeSpan> Duration(string text, TimeSpan min, TimeSpan max)
    {
        if (!DurationPattern().IsMatch(text) || !TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var value))
            return new Mistake($"{Quoted.Text(text)} is not a time; write {Meant(text) ?? DurationForm}");
        return value < min || value > max
            ? new Mistake($"{text} is not from {min:c} to {max:c}")
            : value;
    }

    /// <summary>A whole number in digits, with a sign only where it may be negative.</summary>
    public static Parsed<T> Number<T>(string text, T min, T max) where T : struct, IBinaryInteger<T>
    {
        var styles = T.IsNegative(min) ? NumberStyles.AllowLeadingSign : NumberStyles.None;
        return T.TryParse(text, styles, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
            ? value
            : new Mistake($"{Quoted.Text(text)} is not a whole number from {min} to {max}");
    }

    /// <summary><c>true</c> or <c>false</c>, in any case; other words, like yes, are refused with a hint.</summary>
    public static Parsed<bool> Bool(string text) =>
        bool.TryParse(text, out var value) && text.Length == value.ToString().Length
            ? value
            : new Mistake($"{Quoted.Text(text)} is neither true nor false{text.ToLowerInvariant() switch
            {
                "yes" or "on" or "1" or "enabled" => "; write true",
                "no" or "off" or "0" or "disabled" => "; write false",
                _ => "",
            }}");

    /// <summary>One of a few names, ignoring case; returned as it is listed.</summary>
    public static Parsed<string> OneOf(string text, IReadOnlyList<string> names)
    {
        if (names.FirstOrDefault(name => name.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } match)
            return match;
        var list = string.Join(", ", names);
        return Spelling.Guess(text, names) is { } guess
            ? new Mistake($"{Quoted.Text(text)} is none of {list}; did you mean {guess}?")
            : new Mistake($"{Quoted.Text(text)} is none of {list}");
    }

    /// <summary>A member of an enumeration, by its name in lower case.</summary>
    public static Parsed<T> Enum<T>(string text) where T : struct, Enum
    {
        var (name, reason) = OneOf(text, [.. System.Enum.GetNames<T>().Select(member => member.ToLowerInvariant())]);
        return reason is null ? System.Enum.Parse<T>(name, ignoreCase: true) : new Mistake(reason);
    }

    /// <summary>A network, or an address, which is the network of itself alone.</summary>
    public static Parsed<IPNetwork> Network(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var written = slash < 0 ? text : text[..slash];
        // IPAddress also takes 10 for 0.0.0.10, 010.0.0.0 for 8.0.0.0, brackets, ports and zones.
        if (!IPAddress.TryParse(written, out var address)
            || !written.All(c => char.IsAsciiHexDigit(c) || c is '.' or ':')
            || (address.AddressFamily == AddressFamily.InterNetwork && written != address.ToString()))
        {
            return new Mistake($"{Quoted.Text(text)} is neither a network like 10.0.0.0/8 nor an address");
        }

        var bits = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        if (slash < 0)
            return new IPNetwork(address, bits);
        var (length, reason) = Number(text[(slash + 1)..], 0, bits);
        if (reason is not null)
            return new Mistake($"{Quoted.Text(text)} is no network: behind the '/' comes a number from 0 to {bits}");
        var start = FirstAddress(address, length);
        return start.Equals(address)
            ? new IPNetwork(address, length)
            : new Mistake($"{Quoted.Text(text)} names an address within a network; "
                + $"write {start}/{length} for the network or {address} for the address");
    }

    /// <summary>A path that a request can ask for.</summary>
    public static Parsed<string> RequestPath(string text, bool query)
    {
        if (!text.StartsWith('/'))
            return new Mistake($"{Quoted.Text(text)} does not begin with '/'");
        if (!query && text.Contains('?', StringComparison.Ordinal))
            return new Mistake($"{Quoted.Text(text)} holds a '?': a path is compared without its query");
        return text.All(c => c is > ' ' and <= '~' and not '#')
            ? text
            : new Mistake($"{Quoted.Text(text)} holds a character that a request line cannot; percent-encode it");
    }

    /// <summary>The absolute path of a file; not whether it is there.</summary>
    public static Parsed<string> FilePath(string text) =>
        text.StartsWith('/') && !text.EndsWith('/') && !text.Contains('\0', StringComparison.Ordinal)
            ? text
            : new Mistake($"{Quoted.Text(text)} is not the absolute path of a file");

    /// <inheritdoc cref="FilePath"/>
    public static Parsed<string?> OptionalFilePath(string text) => FilePath(text).Select<string?>(static path => path);

    /// <summary>A host's name or address, without a port.</summary>
    public static Parsed<string> Host(string text) =>
        Uri.CheckHostName(text) == UriHostNameType.Unknown
            ? new Mistake($"{Quoted.Text(text)} is neither a host name nor an address (no port, no scheme, no '*')")
            : text;

    /// <summary>A name that is shown in logs and metrics.</summary>
    public static Parsed<string> Label(string text) =>
        text.Length is > 0 and <= 128 && !text.Any(char.IsControl)
            ? text
            : new Mistake($"{Quoted.Text(text)} is no name: 1 to 128 characters without control characters");

    // As most other programs write a time: 5s, 500ms, 2m.
    private static string? Meant(string text)
    {
        var match = NumberWithUnit().Match(text);
        if (!match.Success
            || !double.TryParse(
                match.Groups["number"].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            return null;
        var milliseconds = number * match.Groups["unit"].Value.ToUpperInvariant() switch
        {
            "MS" => 1,
            "S" or "SEC" => 1000,
            "M" or "MIN" => 60_000,
            "H" => 3_600_000,
            _ => 86_400_000,
        };
        return milliseconds > LongestDuration.TotalMilliseconds
            ? null
            : TimeSpan.FromMilliseconds(milliseconds) is { Milliseconds: 0 } whole
                ? whole.ToString("c")
                : TimeSpan.FromMilliseconds(milliseconds).ToString(@"hh\:mm\:ss\.fff", CultureInfo.InvariantCulture);
    }

    private static IPAddress FirstAddress(IPAddress address, int length)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] &= (byte)(0xFF << Math.Clamp(8 - (length - (8 * i)), 0, 8));
        return new IPAddress(bytes);
    }

    [GeneratedRegex(@"^([0-9]{1,8}\.)?[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,7})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex DurationPattern();

    [GeneratedRegex(
        @"^(?<number>[0-9]{1,9}(\.[0-9]{1,3})?) ?(?<unit>ms|s|sec|m|min|h|d)\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex NumberWithUnit();
}
