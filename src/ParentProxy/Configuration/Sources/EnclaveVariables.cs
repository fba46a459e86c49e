using System.Text.RegularExpressions;
using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration.Sources;

/// <summary>The source <c>PARENTPROXY_ENCLAVE_&lt;n&gt;_CID</c>: one enclave in a few variables.</summary>
internal static partial class EnclaveVariables
{
    /// <summary>The variable that replaces the prefix <c>PARENTPROXY</c>.</summary>
    public const string PrefixVariable = "PARENTPROXY_ENV_PREFIX";

    private const string DefaultPrefix = "PARENTPROXY";

    private static readonly (string Suffix, string Key)[] Suffixes =
    [
        ("_CID", "Cid"), ("_PORT", "Port"), ("_TRANSPORT", "Transport"), ("_TCP_HOST", "TcpHost"), ("_PATH", "Path"), ("_NAME", "Name"),
    ];

    /// <summary>Makes a tree of the variables that are ours.</summary>
    public static ConfigurationNode Read(EnvironmentVariables environment, ConfigurationReport report)
    {
        var entries = new List<SourceEntry>();
        var prefix = Prefix(environment, report);
        var start = $"{prefix}_ENCLAVE";
        foreach (var (name, value) in environment.Sorted)
        {
            // Compose files pass on what is not set as an empty value.
            if (value.Length == 0
                || !name.StartsWith(start + "_", StringComparison.Ordinal)
                || IsFromKubernetes(name[start.Length..], value))
                continue;

            var rest = name[(start.Length + 1)..];
            var id = rest[..LeadingDigits(rest)];
            var suffix = rest[id.Length..];
            var origin = new ConfigurationOrigin(OriginKind.EnclaveVariable, name, VariableFile: environment.FileOf(name));
            if (id.Length == 0)
            {
                // Other programs have variables of this beginning, so only what looks like ours is judged.
                if (Suffixes.FirstOrDefault(known => name.EndsWith(known.Suffix, StringComparison.Ordinal)).Suffix is { } meant)
                    report.Problem(
                        origin.Locate(Names.Enclaves), $"has no number; write {start}_<n>{meant} with a number <n>, the enclave's Id");
            }
            else if (Suffixes.FirstOrDefault(known => known.Suffix == suffix).Key is { } key)
            {
                entries.Add(new SourceEntry([Names.Enclaves, id, key], value, origin));
            }
            else
            {
                report.Problem(
                    origin.Locate($"{Names.Enclaves}:{id}"), $"is no setting of an enclave; after the number comes one of {Endings}");
            }
        }

        return EntryTree.Build(entries, report);
    }

    /// <summary>The prefix that is in effect.</summary>
    public static string PrefixOf(EnvironmentVariables environment) =>
        environment[PrefixVariable] is { Length: > 0 } prefix && PrefixPattern().IsMatch(prefix) ? prefix : DefaultPrefix;

    /// <summary>
    /// Whether a variable, or its part from the number on, is one that Kubernetes puts into every pod of a namespace with a
    /// Service of such a name, whether the pod wants it or not.
    /// </summary>
    public static bool IsFromKubernetes(string rest, string value) =>
        ServiceVariable().IsMatch(rest) || (rest.EndsWith("_PORT", StringComparison.Ordinal) && ServiceUrl().IsMatch(value));

    /// <summary>The ending of a variable that sets a key of an enclave.</summary>
    public static string SuffixOf(string key) =>
        Suffixes.FirstOrDefault(known => known.Key == key).Suffix ?? $"_{key.ToUpperInvariant()}";

    /// <summary>The beginning that all variables of one enclave share.</summary>
    public static string EntryOf(string variable, string key) => variable[..^SuffixOf(key).Length];

    private static string Endings => string.Join(", ", Suffixes.Select(known => known.Suffix));

    private static string Prefix(EnvironmentVariables environment, ConfigurationReport report)
    {
        if (environment[PrefixVariable] is not { Length: > 0 } prefix)
            return DefaultPrefix;
        if (PrefixPattern().IsMatch(prefix))
        {
            WarnOfDefaultPrefix(environment, prefix, report);
            return prefix;
        }

        report.Problem(
            environment.Locate(PrefixVariable),
            $"{Quoted.Text(prefix)} cannot begin a variable's name: letters, digits and '_', "
                + "no '_' at its end (KEYMELD reads KEYMELD_ENCLAVE_0_CID)");
        return DefaultPrefix;
    }

    private static void WarnOfDefaultPrefix(EnvironmentVariables environment, string prefix, ConfigurationReport report)
    {
        if (prefix != DefaultPrefix
            && environment.Sorted
                .Select(pair => pair.Key)
                .FirstOrDefault(name => name.StartsWith($"{DefaultPrefix}_ENCLAVE_", StringComparison.Ordinal)) is { } unread)
            report.Warning(environment.Locate(unread), $"is not read: {PrefixVariable} makes {prefix} the prefix");
    }

    private static int LeadingDigits(string text)
    {
        var end = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        return end < 0 ? text.Length : end;
    }

    [GeneratedRegex("^[A-Za-z]([A-Za-z0-9_]*[A-Za-z0-9])?$", RegexOptions.CultureInvariant)]
    private static partial Regex PrefixPattern();

    [GeneratedRegex("_SERVICE_|_PORT_[0-9]+_", RegexOptions.CultureInvariant)]
    private static partial Regex ServiceVariable();

    [GeneratedRegex("^(tcp|udp|sctp)://", RegexOptions.CultureInvariant)]
    private static partial Regex ServiceUrl();
}
