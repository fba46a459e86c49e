using System.Buffers;

namespace ParentProxy.Runtime;

/// <summary>The form of methods and field names (RFC 9110 §5.6.2).</summary>
internal static class Token
{
    private static readonly SearchValues<char> Characters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>Whether a text is a token.</summary>
    public static bool IsValid(string text) => text.Length > 0 && !text.AsSpan().ContainsAnyExcept(Characters);
}
