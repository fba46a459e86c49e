using System.Text.RegularExpressions;
using ParentProxy.Configuration.Reading;
using ParentProxy.Configuration.Sections;

namespace ParentProxy.Configuration.Sources;

/// <summary>
/// Finds variables that are meant for us and that no source reads, because of a slip in the name. What is clearly meant is a
/// mistake, as an unknown key is; what may belong to somebody else is a warning.
/// </summary>
internal static partial class StrayVariables
{
    private const string Ours = "PARENTPROXY";

    private static readonly string[] Single = [ConfigurationFile.Variable, EnclaveVariables.PrefixVariable];

    /// <summary>Reports them.</summary>
    public static void Report(IReadOnlyDictionary<string, string> environment, IReadOnlySet<string> sections, KnownKeys keys, ConfigurationReport report)
    {
        var prefix = EnclaveVariables.PrefixOf(environment);
        foreach (var (name, value) in environment.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (value.Length == 0 || Single.Contains(name) || IsEnclave(name, prefix) || IsEnclave(name, Ours) || EnclaveVariables.IsFromKubernetes(name, value))
                continue;
            var segments = name.Split("__");
            if (segments.Length > 1 && sections.Contains(segments[0]))
                continue;

            if (Meant(name, segments, prefix, sections, keys) is { } meant)
                report.Problem(name, $"is not read; write {meant}");
            else if (name.StartsWith(Ours + "_", StringComparison.OrdinalIgnoreCase))
                report.Warning(name, $"is not read: it is none of {ConfigurationFile.Variable}, {EnclaveVariables.PrefixVariable} and {prefix}_ENCLAVE_<n>_…; settings have the form Section__Key");
            else
                WarnOfOthers(name, prefix, keys, report);
        }
    }

    private static bool IsEnclave(string name, string prefix) => name.StartsWith($"{prefix}_ENCLAVE_", StringComparison.Ordinal);

    private static string? Meant(string name, string[] segments, string prefix, IReadOnlySet<string> sections, KnownKeys keys)
    {
        if (EnclaveName().Match(name) is { Success: true } enclave && Spelling.IsNear(enclave.Groups["head"].Value, $"{prefix}_ENCLAVE"))
            return $"{prefix}_ENCLAVE_{enclave.Groups["n"].Value}_{Suffix(enclave)}";
        if (Spelling.Guess(name, Single) is { } single)
            return single;

        // As ASP.NET's own hosts are used to: PREFIX_Section__Key.
        if (PrefixOf(name) is { Length: > 0 } before && PathOf(name[before.Length..].TrimStart('_'), keys) is { } path)
            return path;
        if (name.Contains(':', StringComparison.Ordinal) && keys.Contains(name.Split(':')))
            return name.Replace(":", "__", StringComparison.Ordinal);
        if (segments.Length > 1 && Spelling.Guess(segments[0], sections) is { } section && keys.Contains([section, .. segments[1..]]))
            return string.Join("__", [section, .. segments[1..]]);
        return null;
    }

    private static void WarnOfOthers(string name, string prefix, KnownKeys keys, ConfigurationReport report)
    {
        if (EnclaveName().Match(name) is { Success: true } enclave && enclave.Groups["key"].Value is "CID" or "TRANSPORT" or "TCP_HOST")
        {
            var head = enclave.Groups["head"].Value;
            if (Spelling.IsNear(head, "ENCLAVE"))
                report.Warning(name, $"is not read; write {prefix}_ENCLAVE_{enclave.Groups["n"].Value}_{Suffix(enclave)}");
            else if (head.EndsWith("_ENCLAVE", StringComparison.Ordinal))
                report.Warning(name, $"is not read: the prefix is {prefix}; {EnclaveVariables.PrefixVariable}={head[..^"_ENCLAVE".Length]} makes it this one");
        }
        else if (name.Split('_') is { Length: > 1 } parts && keys.Contains(parts, StringComparison.Ordinal))
        {
            report.Warning(name, $"is not read; if it is for this program, write {string.Join("__", parts)}");
        }
    }

    private static string Suffix(Match enclave) => enclave.Groups["key"].Value.ToUpperInvariant() switch
    {
        "TCPHOST" or "HOST" => "TCP_HOST",
        var key => key,
    };

    private static string PrefixOf(string name) => OurPrefix().Match(name).Value;

    // Section__Key, or Section_Key as long as that is the way to it.
    private static string? PathOf(string rest, KnownKeys keys)
    {
        foreach (var parts in (string[][])[rest.Split("__"), rest.Split('_'), rest.Split(':')])
        {
            if (parts.Length > 1 && keys.Contains(parts))
                return string.Join("__", parts);
        }

        return null;
    }

    [GeneratedRegex("^(?<head>[A-Za-z0-9_]*?[A-Za-z])[_-]*(?<n>[0-9]+)[_-]*(?<key>CID|PORT|TRANSPORT|TCP_?HOST|HOST|PATH|NAME)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex EnclaveName();

    [GeneratedRegex("^PARENT_?PROXY_+", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex OurPrefix();
}
