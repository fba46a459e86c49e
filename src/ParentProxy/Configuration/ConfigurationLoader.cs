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
        Func<EnvironmentVariables, ConfigurationReport, ConfigurationNode> readEnclaves,
        Func<ConfigurationNode, ConfigurationReport, TOptions> read)
        where TOptions : class
    {
        var report = new ConfigurationReport();
        if (sources.EnvironmentFile is { Problem: { } problem })
            report.Problem(problem);
        foreach (var warning in sources.EnvironmentFile?.Warnings ?? [])
            report.Warning(warning);
        var variables = sources.Variables;
        var (file, tree) = ConfigurationFile.Read(sources, report);
        ConfigurationNode[] nearer =
        [
            SectionVariables.Read(variables, sections, report),
            readEnclaves(variables, report),
            CommandLinePairs.Read(sources.CommandLine, report),
        ];

        if (keys is not null)
            StrayVariables.Report(variables, sections, keys, report);

        var merged = Layers.Merge([tree ?? ConfigurationNode.Root([]), .. nearer]);

        // Without a file that was meant, everything would be judged by its absence.
        var options = tree is null || sources.EnvironmentFile?.Problem is not null ? null : read(merged, report);
        return new ConfigurationResult<TOptions>
        {
            Options = report.Problems.Count == 0 ? options : null,
            Problems = report.Problems,
            Warnings = report.Warnings,
            Tree = merged,
            File = file,
            EnvironmentFile = sources.EnvironmentFile?.Path,
        };
    }
}
