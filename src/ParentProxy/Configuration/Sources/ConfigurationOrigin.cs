namespace ParentProxy.Configuration.Sources;

/// <summary>Where a value comes from, as far as an operator needs it to find the place.</summary>
/// <param name="Kind">The kind of source.</param>
/// <param name="Variable">The environment variable's name (its beginning, for a node with children); else null.</param>
internal sealed record ConfigurationOrigin(OriginKind Kind, string? Variable = null)
{
    /// <summary>The JSON file.</summary>
    public static ConfigurationOrigin File { get; } = new(OriginKind.File);

    /// <summary>The command line.</summary>
    public static ConfigurationOrigin CommandLine { get; } = new(OriginKind.CommandLine);

    /// <summary>The origin that a key below would have, which names the variable to set when the key is missing.</summary>
    public ConfigurationOrigin Child(string key) => Kind switch
    {
        OriginKind.SectionVariable => this with { Variable = $"{Variable}__{key}" },
        OriginKind.EnclaveVariable => this with { Variable = Variable + EnclaveVariables.SuffixOf(key) },
        _ => this,
    };

    /// <summary>A path with the source beside it when that is not the file.</summary>
    public string Locate(string path) => Kind switch
    {
        OriginKind.File => path,
        OriginKind.CommandLine => $"{path} (command line)",
        _ => $"{path} ({Variable})",
    };
}
