using System.Collections;
using ParentProxy.Configuration.Sources;

namespace ParentProxy.Configuration;

/// <summary>Everything that a configuration is read from, so that tests can hand in their own.</summary>
internal sealed record ConfigurationSources
{
    /// <summary>The file of <c>--config</c>, or null.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>The variables of the process by their exact names; none unless they are handed in.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>A file with more variables, over which those of the process win; null for none.</summary>
    public EnvironmentFile? EnvironmentFile { get; init; }

    /// <summary><c>--Section:Key=value</c> arguments as path and value, in their order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> CommandLine { get; init; } = [];

    /// <summary>The machine's configuration file, or null for none.</summary>
    public string? SystemFile { get; init; } = "/etc/parent-proxy/appsettings.json";

    /// <summary>The file beside the assembly, or null for none.</summary>
    public string? ShippedFile { get; init; } = Path.Combine(AppContext.BaseDirectory, "appsettings.json");

    /// <summary>The file that systemd gives the service's variables from.</summary>
    public string SystemEnvironmentFile { get; init; } = "/etc/parent-proxy/parent-proxy.env";

    /// <summary>Those of this process: its environment, and what its command line names.</summary>
    /// <param name="configFile">The file of <c>--config</c>, or null.</param>
    /// <param name="settings">The settings of the command line.</param>
    public static ConfigurationSources OfProcess(string? configFile, IReadOnlyList<KeyValuePair<string, string>> settings) => new()
    {
        ConfigFile = configFile,
        Environment = System.Environment.GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? ""),
        CommandLine = settings,
    };

    /// <summary>The variables of the process, and those of the file that it does not have itself.</summary>
    public EnvironmentVariables Variables => new(Environment, EnvironmentFile);

    /// <summary>Whether nothing names another file than that of the machine.</summary>
    public bool IsSystemFile => SystemFile is { } file
        && (ConfigFile ?? Environment.GetValueOrDefault(ConfigurationFile.Variable)) is var named
        && (string.IsNullOrEmpty(named) ? ConfigFile is null : Path.GetFullPath(named) == file);

    /// <summary>The files of which the first that is there is read.</summary>
    public IReadOnlyList<string> CandidateFiles =>
        ConfigFile is { } argument ? [argument]
        : Variables[ConfigurationFile.Variable] is { Length: > 0 } variable ? [variable]
        : [.. new[] { SystemFile, ShippedFile }.OfType<string>()];
}
