using ParentProxy.Configuration.Reading;
using ParentProxy.Configuration.Sections;
using ParentProxy.Configuration.Sources;

namespace ParentProxy.Configuration;

/// <summary>Reads all sources, merges them in order and validates the result.</summary>
internal static class ConfigurationLoader
{
    /// <summary>Reads the configuration of the proxy. Never throws for what an operator wrote.</summary>
    public static ConfigurationResult<ProxyOptions> Load(ConfigurationSources sources) => Load(
        sources,
        ConfigurationSchema.SectionNames,
        ConfigurationSchema.Keys,
        EnclaveVariables.Read,
        (tree, report) => ConfigurationSchema.Read(KestrelSection.AddDefaults(tree), report));

    /// <summary>Reads the configuration of the program inside an enclave. Never throws for what an operator wrote.</summary>
    public static ConfigurationResult<InsideConfiguration> LoadInside(ConfigurationSources sources) => Load(
        sources, InsideSchema.OwnSection, null, static (_, _) => ConfigurationNode.Root([]), InsideSchema.Read);

    private static ConfigurationResult<TOptions> Load<TOptions>(
        ConfigurationSources sources,
        IReadOnlySet<string> sections,
        KnownKeys? keys,
        Func<IReadOnlyDictionary<string, string>, ConfigurationReport, ConfigurationNode> readEnclaves,
        Func<ConfigurationNode, ConfigurationReport, TOptions> read)
        where TOptions : class
    {
        var report = new ConfigurationReport();
        var (file, tree) = ConfigurationFile.Read(sources, report);
        ConfigurationNode[] nearer =
        [
            SectionVariables.Read(sources.Environment, sections, report),
            readEnclaves(sources.Environment, report),
            CommandLinePairs.Read(sources.CommandLine, report),
        ];

        if (keys is not null)
            StrayVariables.Report(sources.Environment, sections, keys, report);

        // Without the file that was meant, everything below would be judged by its absence.
        var merged = tree is null ? null : Layers.Merge([tree, .. nearer]);
        var options = merged is null ? null : read(merged, report);
        return new ConfigurationResult<TOptions>
        {
            Options = report.Problems.Count == 0 ? options : null,
            Problems = report.Problems,
            Warnings = report.Warnings,
            Tree = merged,
            File = file,
        };
    }
}
