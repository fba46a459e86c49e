using System.Text;

namespace ParentProxy.Tls;

/// <summary>
/// What the settings name a server by: a name, or <c>*.</c> and a name for all that end so, of however many more parts. That is
/// how nginx, Envoy and Kestrel's <c>Sni</c> read it; in a certificate the same pattern stands for one part only.
/// </summary>
internal static class ServerNamePattern
{
    /// <summary>The start of a pattern that is for all names below.</summary>
    public const string Below = "*.";

    /// <summary>Reads a pattern as the settings have it.</summary>
    /// <param name="text">In any case, without the root's dot.</param>
    /// <param name="pattern">In lower case; null if it is none.</param>
    /// <param name="problem">Why it is none, and what to write.</param>
    public static bool TryParse(string text, out string? pattern, out string? problem)
    {
        pattern = null;
        if (!Ascii.IsValid(text))
        {
            problem = $"'{text}' has characters that a server name has on the wire only in ASCII form: write it with xn--";
            return false;
        }

        var start = text.StartsWith(Below, StringComparison.Ordinal) ? Below.Length : 0;
        if (text.EndsWith('.'))
        {
            problem = $"'{text}' ends with a dot: leave that away, clients that send one are matched all the same";
            return false;
        }

        if (text.AsSpan(start).Contains('*'))
        {
            problem = $"'{text}' has a * in another place than the start: write a name, or *. and a name";
            return false;
        }

        if (!ServerName.TryRead(Encoding.ASCII.GetBytes(text[start..]), out var name, out problem))
            return false;
        pattern = text[..start] + name;
        return true;
    }
}
