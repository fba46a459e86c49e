using System.Text.RegularExpressions;

namespace ParentProxy.Admin.StatusPage;

/// <summary>Keeps secrets from the page: whatever could be one is not shown, rather too much than too little.</summary>
internal static partial class Redaction
{
    /// <summary>Stands for what is not shown.</summary>
    public const string Mark = "[redacted]";

    /// <summary>What may be shown of a text at a path.</summary>
    public static string Of(string path, string value) =>
        value.Length > 0 && IsSecret(path) ? Mark : Parameter().Replace(UserInfo().Replace(value, $"$1{Mark}@"), $"$1{Mark}");

    /// <summary>Whether what stands at a path could be a secret.</summary>
    public static bool IsSecret(string path) => SecretName().IsMatch(path) || Foreign().IsMatch(path);

    [GeneratedRegex("password|passphrase|secret|token|key|credential|authorization|cookie", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SecretName();

    // What Serilog's sinks take, what transforms write into requests, and by which fields requests are told apart.
    [GeneratedRegex("^Serilog:.*:Args(:|$)|^Serilog:Properties:|^ReverseProxy:.*:(Transforms:.*:(Set|Append|Prefix)|Headers:.*:Values|QueryParameters:.*:Values|Metadata:[^:]*)(:|$)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Foreign();

    [GeneratedRegex("([?&][^=&\\s]*(?:password|secret|token|key|credential|signature)[^=&\\s]*=)[^&\\s]+", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Parameter();

    [GeneratedRegex("(://)[^/@\\s]+@", RegexOptions.CultureInvariant)]
    private static partial Regex UserInfo();
}
