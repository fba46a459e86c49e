using System.Buffers;
using System.Text.RegularExpressions;

namespace ParentProxy.Admin.StatusPage;

/// <summary>Keeps secrets from the page: whatever could be one is not shown, rather too much than too little.</summary>
internal static partial class Redaction
{
    /// <summary>Stands for what is not shown.</summary>
    public const string Mark = "[redacted]";

    private static readonly SearchValues<char> OfPatterns = SearchValues.Create("{}()[]*|^$\\");

    /// <summary>What may be shown of a text at a path.</summary>
    public static string Of(string path, string value) =>
        value.Length > 0 && IsSecret(path) ? Mark : Query().Replace(UserInfo().Replace(value, $"$1{Mark}@"), WithoutValues);

    /// <summary>Whether what stands at a path could be a secret.</summary>
    public static bool IsSecret(string path) => SecretName().IsMatch(path) || Foreign().IsMatch(path);

    // What has no name is a value. A pattern of a route ("/{id?}") is no query.
    private static string WithoutValues(Match query)
    {
        return query.Value[..1] + string.Join('&', query.Value[1..].Split('&').Select(WithoutValue));

        string WithoutValue(string part) => part.IndexOf('=', StringComparison.Ordinal) switch
        {
            < 0 => query.Value[0] == '?' && part.Length > 0 && !part.AsSpan().ContainsAny(OfPatterns) ? Mark : part,
            var equals when equals + 1 == part.Length => part,
            var equals => $"{part[..equals]}={Mark}",
        };
    }

    [GeneratedRegex(
        "password|passphrase|secret|token|key|credential|authorization|cookie",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SecretName();

    // What an enclave says when it is healthy, what Serilog's sinks take, what transforms write into requests, and by which
    // fields requests are told apart.
    [GeneratedRegex(
        "^Health:Probe:ExpectedBody$|^Serilog:.*:Args(:|$)|^Serilog:Properties:"
            + "|^ReverseProxy:.*:(Transforms:.*:(Set|Append|Prefix)|Headers:.*:Values|QueryParameters:.*:Values|Metadata:[^:]*)(:|$)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Foreign();

    [GeneratedRegex("[?&]\\S+", RegexOptions.CultureInvariant)]
    private static partial Regex Query();

    // A password may hold whatever nobody escaped, slashes and @ too: after a colon everything until the last @ may be one.
    [GeneratedRegex("(://)(?:[^/?#:\\[\\s]*:\\S*@|[^/?#\\s]*@)", RegexOptions.CultureInvariant)]
    private static partial Regex UserInfo();
}
