using System.Text;

namespace ParentProxy.Tls;

/// <summary>Writes what a client sent so that it can stand in a log.</summary>
internal static class Visible
{
    /// <summary>Each byte that is not visible ASCII as <c>\xNN</c>; a backslash too, so that each text has one reading.</summary>
    public static string Of(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (var octet in bytes)
        {
            if (octet is > 0x20 and < 0x7F and not (byte)'\\')
                text.Append((char)octet);
            else
                text.Append($"\\x{octet:x2}");
        }

        return text.ToString();
    }
}
