using ParentProxy.Configuration;
using ParentProxy.Configuration.Sources;

namespace ParentProxy.Commands.Check;

/// <summary>Where values of a configuration were written.</summary>
/// <param name="tree">What was written, all sources merged.</param>
internal sealed class ValueOrigins(ConfigurationNode? tree)
{
    /// <summary>What stands for a value that nobody wrote.</summary>
    public const string Default = "default";

    private const string File = "file";
    private const string CommandLine = "command line";

    private static readonly string[] EnclaveKeys =
        ["Id", "Name", "Transport", "Cid", "Port", "TcpHost", "Path", "Weight", "State", "Backup"];

    /// <summary>
    /// Where a setting was written, or what is below it: <c>file</c>, a variable, a file of variables, <c>command line</c>
    /// or <c>default</c>.
    /// </summary>
    public string Of(string path)
    {
        if (tree is null)
            return Default;
        var node = tree;
        foreach (var key in path.Split(':'))
        {
            var next = node.Child(key);

            // Names of what YARP reads are made of the keys that they stand below.
            if (!next.IsSet)
                return path.StartsWith(Names.ReverseProxy, StringComparison.Ordinal) && node != tree ? Word(node.Origin) : Default;
            node = next;
        }

        return Word(node.Origin);
    }

    /// <summary>Where the keys of an entry of <c>Enclaves</c> were written; those that nobody wrote are not among them.</summary>
    public IReadOnlyDictionary<string, string> OfEnclave(string id)
    {
        var entry = tree?.Child(Names.Enclaves).Children.FirstOrDefault(
            node => EnclaveLayers.IdOf(node).Equals(id, StringComparison.OrdinalIgnoreCase));
        return EnclaveKeys
            .Select(key => (Key: key, Node: entry?.Child(key)))
            .Where(pair => pair.Node is { IsSet: true })
            .ToDictionary(pair => pair.Key, pair => Word(pair.Node!.Origin));
    }

    /// <summary>The same in words: <c>Cid from PARENTPROXY_ENCLAVE_0_CID, the rest from the file</c>.</summary>
    public string Say(string id)
    {
        var sources = OfEnclave(id).GroupBy(pair => pair.Value, pair => pair.Key).OrderBy(group => group.Key == File).ToList();
        return string.Join(", ", sources.Select((group, position) =>
        {
            var keys = sources.Count == 1 ? "" : position == sources.Count - 1 ? "the rest " : $"{string.Join(" and ", group)} ";
            return $"{keys}from {(group.Key is File or CommandLine ? $"the {group.Key}" : group.Key)}";
        }));
    }

    private static string Word(ConfigurationOrigin origin) => origin.Kind switch
    {
        OriginKind.File => File,
        OriginKind.CommandLine => CommandLine,
        _ => origin.VariableFile ?? (origin.Variable is null ? File : origin.VariableText),
    };
}
