using System.Text;
using ParentProxy.Ingress.Pipeline;

namespace ParentProxy.Ingress.Kestrel;

/// <summary>
/// Keeps the names of fields in <c>Connection</c>. Where Kestrel finds exactly one of close, keep-alive and upgrade it
/// replaces the whole value by that word, and what else was named would pass for an end-to-end field. With two of them it
/// leaves the value alone; so close and upgrade get a keep-alive beside them, which says nothing then, and a keep-alive
/// beside names, which in HTTP/1.1 says nothing at all, is left out.
/// </summary>
/// <remarks>
/// An HTTP/1.0 client loses its persistent connection by that when it names fields, or upgrade, where the keep-alive would say
/// something (<see cref="ExchangeMiddleware"/> closes it). What remains: names in another line
/// than a keep-alive that stands alone.
/// </remarks>
internal sealed class ConnectionEncoding : Latin1Encoding
{
    private const string KeepAlive = "keep-alive";

    /// <inheritdoc/>
    public override int GetCharCount(ReadOnlySpan<byte> bytes) => Decode(bytes).Length;

    /// <inheritdoc/>
    public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
    {
        var value = Decode(bytes);
        value.CopyTo(chars);
        return value.Length;
    }

    /// <inheritdoc/>
    public override int GetMaxCharCount(int byteCount) => byteCount + KeepAlive.Length + 2;

    private static string Decode(ReadOnlySpan<byte> bytes)
    {
        if (Ascii.EqualsIgnoreCase(bytes, KeepAlive))
            return KeepAlive;
        if (Ascii.EqualsIgnoreCase(bytes, "close"))
            return "close, keep-alive";
        if (Ascii.EqualsIgnoreCase(bytes, "upgrade"))
            return "upgrade, keep-alive";

        var value = Latin1.GetString(bytes);
        var kept = new StringBuilder();
        var (hasKeepAlive, hasOther, hasName) = (false, false, false);
        foreach (var range in value.AsSpan().Split(','))
        {
            var option = value.AsSpan()[range].Trim();
            if (option.Equals(KeepAlive, StringComparison.OrdinalIgnoreCase))
            {
                hasKeepAlive = true;
                continue;
            }

            if (option.IsEmpty)
                continue;
            if (option.Equals("close", StringComparison.OrdinalIgnoreCase) || option.Equals("upgrade", StringComparison.OrdinalIgnoreCase))
                hasOther = true;
            else
                hasName = true;
            if (kept.Length > 0)
                kept.Append(", ");
            kept.Append(option);
        }

        if (hasOther || (hasKeepAlive && !hasName))
            kept.Append(kept.Length > 0 ? ", " : "").Append(KeepAlive);
        return kept.ToString();
    }
}
