using System.IO.Enumeration;

namespace ParentProxy.Configuration.Sections;

/// <summary><c>enclave://X</c>: the enclaves whose Id or Name matches the pattern X.</summary>
internal static class EnclavePattern
{
    /// <summary>How such an address begins.</summary>
    public const string Scheme = "enclave://";

    /// <summary>Whether an address is of this form, and its pattern.</summary>
    public static bool TryParse(string address, out string pattern)
    {
        var matches = address.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);
        pattern = matches ? address[Scheme.Length..].TrimEnd('/') : "";
        return matches;
    }

    /// <summary>Whether a text matches: <c>*</c> any characters, <c>?</c> one, case does not count.</summary>
    public static bool Matches(string pattern, string text) => FileSystemName.MatchesSimpleExpression(pattern, text);
}
