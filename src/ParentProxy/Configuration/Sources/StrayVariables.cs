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

    /// <summary>Reports each variable that is not read, as a mistake or as a warning; empty ones never.</summary>
    public static void Report(
        EnvironmentVariables environment, IReadOnlySet<string> sections, KnownKeys keys, ConfigurationReport report)
    {
        var prefix = EnclaveVariables.PrefixOf(environment);
        foreach (var (name, value) in environment.Sorted)
        {
            if (value.Length == 0
                || Single.Contains(name)
                || IsEnclave(name, prefix)
                || IsEnclave(name, Ours)
                || EnclaveVariables.IsFromKubernetes(name, value))
                continue;
            var segments = name.Split("__");
            if (segments.Length > 1 && sections.Contains(segments[0]))
                continue;

            var location = environment.Locate(name);
            if (Meant(name, segments, prefix, sections, keys) is { } meant)
                report.Problem(location, $"is not read; write {meant}");
            else if (PrefixOf(name) is { Length: > 0 } before && PathOf(name[before.Length..], keys, "_") is { } path)
                report.Warning(location, $"is not read; if it is for this program, write {path}");
            else if (name.StartsWith(Ours + "_", StringComparison.OrdinalIgnoreCase))
                report.Warning(
                    location,
                    $"is not read: it is none of {ConfigurationFile.Variable}, {EnclaveVariables.PrefixVariable} "
                        + $"and {prefix}_ENCLAVE_<n>_…; settings have the form Section__Key");
            else
                WarnOfOthers(name, location, prefix, keys, report);
        }
    }

    private static bool IsEnclave(string name, string prefix) => name.StartsWith($"{prefix}_ENCLAVE_", StringComparison.Ordinal);

    private static string? Meant(string name, string[] segments, string prefix, IReadOnlySet<string> sections, KnownKeys keys)
    {
        if (EnclaveName().Match(name) is { Success: true } enclave && IsMeantHead(enclave.Groups["head"].Value, prefix))
            return $"{prefix}_ENCLAVE_{enclave.Groups["n"].Value}_{Suffix(enclave)}";
        if (Spelling.Guess(name, Single) is { } single)
            return single;

        // As ASP.NET's own hosts are used to: PREFIX_Section__Key.
        if (PrefixOf(name) is { Length: > 0 } before && PathOf(name[before.Length..].TrimStart('_'), keys, "__", ":") is { } path)
            return path;
        if (name.Contains(':', StringComparison.Ordinal) && keys.Contains(name.Split(':')))
            return name.Replace(":", "__", StringComparison.Ordinal);
        if (segments.Length > 1 && Spelling.Guess(segments[0], sections) is { } section && keys.Contains([section, .. segments[1..]]))
            return string.Join("__", [section, .. segments[1..]]);
        return null;
    }

    /// <summary>
    /// Another instance may have its variables in the same environment, under a prefix of its own that differs by a letter or a
    /// number: a prefix that was set must be there, and a number in it makes it another than ours.
    /// </summary>
    private static bool IsMeantHead(string head, string prefix)
    {
        if (!Spelling.IsNear(head, $"{prefix}_ENCLAVE"))
            return false;
        return prefix == Ours
            ? !head.Any(char.IsAsciiDigit)
            : Plain(head).StartsWith(Plain(prefix), StringComparison.OrdinalIgnoreCase);
    }

    private static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal);

    private static void WarnOfOthers(string name, string location, string prefix, KnownKeys keys, ConfigurationReport report)
    {
        if (EnclaveName().Match(name) is { Success: true } enclave && enclave.Groups["key"].Value is "CID" or "TRANSPORT" or "TCP_HOST")
        {
            var head = enclave.Groups["head"].Value;
            if (Spelling.IsNear(head, "ENCLAVE"))
                report.Warning(location, $"is not read; write {prefix}_ENCLAVE_{enclave.Groups["n"].Value}_{Suffix(enclave)}");
            else if (head.EndsWith("_ENCLAVE", StringComparison.Ordinal))
                report.Warning(
                    location,
                    $"is not read: the prefix is {prefix}; {EnclaveVariables.PrefixVariable}={head[..^"_ENCLAVE".Length]} makes it "
                        + "this one");
        }
        else if (name.Split('_') is { Length: > 1 } parts && keys.Contains(parts, StringComparison.Ordinal))
        {
            report.Warning(location, $"is not read; if it is for this program, write {string.Join("__", parts)}");
        }
    }

    private static string Suffix(Match enclave) => enclave.Groups["key"].Value.ToUpperInvariant() switch
    {
        "TCPHOST" or "HOST" => "TCP_HOST",
        var key => key,
    };

    private static string PrefixOf(string name) => OurPrefix().Match(name).Value;

    private static string? PathOf(string rest, KnownKeys keys, params ReadOnlySpan<string> dividers)
    {
        foreach (var divider in dividers)
        {
            var parts = rest.Split(divider);
            if (parts.Length > 1 && keys.Contains(parts))
                return string.Join("__", parts);
        }

        return null;
    }

    [GeneratedRegex(
        "^(?<head>[A-Za-z0-9_]*?[A-Za-z])[_-]*(?<n>[0-9]+)[_-]*(?<key>CID|PORT|TRANSPORT|TCP_?HOST|HOST|PATH|NAME)$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex EnclaveName();

    [GeneratedRegex("^PARENT_?PROXY_+", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex OurPrefix();
}
