using System.Buffers;
using System.Globalization;
using System.Text;

namespace ParentProxy.Telemetry.AccessLog;

/// <summary>
/// A request as a line of Apache's <c>combined</c>: <c>%h %l %u %t "%r" %&gt;s %b "%{Referer}i" "%{User-agent}i"</c>, with
/// Apache's escapes.
/// </summary>
internal static class CombinedLine
{
    /// <summary>Of each value that a client can make as long as it likes. In characters.</summary>
    private const int MaxValue = 2048;

    private static readonly SearchValues<char> Plain = SearchValues.Create(
        " !#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    /// <summary>Writes a line with its end.</summary>
    public static void Write(in AccessEvent request, LoggedFields fields, ArrayBufferWriter<byte> line)
    {
        // A trusted peer may have written anything there, and the columns are told by the blanks between them.
        WriteEscaped(line, request.Client, escapeBlanks: true);
        line.Write(" - - ["u8);
        Span<byte> number = stackalloc byte[32];
        request.Time.UtcDateTime.TryFormat(number, out var written, "dd/MMM/yyyy:HH:mm:ss' +0000'", CultureInfo.InvariantCulture);
        line.Write(number[..written]);
        line.Write("] \""u8);
        WriteEscaped(line, request.Method);
        line.Write(" "u8);
        WriteEscaped(line, RequestPath.Of(request.Target, fields.Options));
        line.Write(" "u8);
        WriteEscaped(line, request.Protocol);
        line.Write("\" "u8);
        request.Status.GetValueOrDefault().TryFormat(number, out written, provider: CultureInfo.InvariantCulture);
        line.Write(request.Status is null ? "-"u8 : number[..written]);
        line.Write(" "u8);
        request.ResponseBytes.TryFormat(number, out written, provider: CultureInfo.InvariantCulture);
        line.Write(request.ResponseBytes == 0 ? "-"u8 : number[..written]);
        line.Write(" \""u8);
        WriteEscaped(line, fields.Referer is { } referer ? referer.Of(request.Fields) : default);
        line.Write("\" \""u8);
        WriteEscaped(line, fields.UserAgent is { } agent ? agent.Of(request.Fields) : default);
        line.Write("\"\n"u8);
    }

    private static void WriteEscaped(ArrayBufferWriter<byte> line, ReadOnlySpan<char> value, bool escapeBlanks = false)
    {
        if (value.IsEmpty)
        {
            line.Write("-"u8);
            return;
        }

        if (value.Length > MaxValue)
            value = value[..MaxValue];
        while (!value.IsEmpty)
        {
            var plain = value.IndexOfAnyExcept(Plain);
            if (escapeBlanks && value.IndexOf(' ') is >= 0 and var blank && (plain < 0 || blank < plain))
                plain = blank;
            if (plain < 0)
                plain = value.Length;
            Encoding.ASCII.GetBytes(value[..plain], line);
            value = value[plain..];
            if (value.IsEmpty)
                return;
            Escape(line, value[0]);
            value = value[1..];
        }
    }

    private static void Escape(ArrayBufferWriter<byte> line, char character)
    {
        var letter = character switch
        {
            '"' => "\\\""u8,
            '\\' => "\\\\"u8,
            '\b' => "\\b"u8,
            '\n' => "\\n"u8,
            '\r' => "\\r"u8,
            '\t' => "\\t"u8,
            '\v' => "\\v"u8,
            _ => default,
        };
        if (!letter.IsEmpty)
        {
            line.Write(letter);
            return;
        }

        // Fields are read as Latin-1, so that this is the byte that came. What is above can only be from HTTP/2's pseudo fields.
        if (character > 0xFF)
        {
            Hex(line, (byte)(character >> 8));
            character = (char)(character & 0xFF);
        }

        Hex(line, (byte)character);
    }

    private static void Hex(ArrayBufferWriter<byte> line, byte value)
    {
        const string Digits = "0123456789abcdef";
        line.Write([(byte)'\\', (byte)'x', (byte)Digits[value >> 4], (byte)Digits[value & 0xF]]);
    }
}
