namespace ParentProxy.Configuration.Sources;

/// <summary>Where a value comes from, as far as an operator needs it to find the place.</summary>
/// <param name="Kind">The kind of source.</param>
/// <param name="Variable">The environment variable's name; else null.</param>
/// <param name="IsBeginning">Whether that is the beginning of several names: of the variables that are below a node.</param>
internal sealed record ConfigurationOrigin(OriginKind Kind, string? Variable = null, bool IsBeginning = false)
{
    /// <summary>The one JSON file that is read; a path alone says where in it.</summary>
    public static ConfigurationOrigin File { get; } = new(OriginKind.File);

    /// <summary>An argument of the form <c>--Section:Key=value</c>.</summary>
    public static ConfigurationOrigin CommandLine { get; } = new(OriginKind.CommandLine);

    /// <summary>The origin that a key below would have, which names the variable to set when the key is missing.</summary>
    public ConfigurationOrigin Child(string key) => Kind switch
    {
        OriginKind.SectionVariable => new(Kind, $"{Variable}__{key}"),
        OriginKind.EnclaveVariable => new(Kind, Variable + EnclaveVariables.SuffixOf(key)),
        _ => this,
    };

    /// <summary>A path with the source beside it when that is not the file.</summary>
    public string Locate(string path) => Kind switch
    {
        OriginKind.File => path,
        OriginKind.CommandLine => $"{path} (command line)",
        _ => IsBeginning ? $"{path} ({Variable}_…)" : $"{path} ({Variable})",
    };
}
