namespace ParentProxy.Configuration.Sources;

/// <summary>Where a value comes from, as far as an operator needs it to find the place.</summary>
/// <param name="Kind">The kind of source.</param>
/// <param name="Variable">The environment variable's name; else null.</param>
/// <param name="IsBeginning">Whether that is the beginning of several names: of the variables that are below a node.</param>
/// <param name="VariableFile">The file that sets the variable; null when the process itself has it.</param>
internal sealed record ConfigurationOrigin(
    OriginKind Kind, string? Variable = null, bool IsBeginning = false, string? VariableFile = null)
{
    /// <summary>The one JSON file that is read; a path alone says where in it.</summary>
    public static ConfigurationOrigin File { get; } = new(OriginKind.File);

    /// <summary>An argument of the form <c>--Section:Key=value</c>.</summary>
    public static ConfigurationOrigin CommandLine { get; } = new(OriginKind.CommandLine);

    /// <summary>The origin that a key below would have, which names the variable to set when the key is missing.</summary>
    public ConfigurationOrigin Child(string key) => Kind switch
    {
        OriginKind.SectionVariable => this with { Variable = $"{Variable}__{key}", IsBeginning = false },
        OriginKind.EnclaveVariable => this with { Variable = Variable + EnclaveVariables.SuffixOf(key), IsBeginning = false },
        _ => this,
    };

    /// <summary>A path with the source beside it when that is not the file.</summary>
    public string Locate(string path) => Kind switch
    {
        OriginKind.File => path,
        OriginKind.CommandLine => $"{path} (command line)",
        _ => $"{path} ({VariableText})",
    };

    /// <summary>The variable, or the beginning of several, with the file that sets it.</summary>
    public string VariableText => $"{Variable}{(IsBeginning ? "_…" : "")}{(VariableFile is null ? "" : $" in {VariableFile}")}";
}
