using ParentProxy.Configuration.Reading;
using ParentProxy.Configuration.Sections;
using ParentProxy.Configuration.Sources;

namespace ParentProxy.Configuration;

/// <summary>Reads all sources, merges them in order and validates the result.</summary>
internal static class ConfigurationLoader
{
    /// <summary>Reads the configuration. Never throws for what an operator wrote.</summary>
    public static ConfigurationResult Load(ConfigurationSources sources)
    {
        var report = new ConfigurationReport();
        var (file, tree) = ConfigurationFile.Read(sources, report);
        ConfigurationNode[] nearer =
        [
            SectionVariables.Read(sources.Environment, ConfigurationSchema.SectionNames, report),
            EnclaveVariables.Read(sources.Environment, report),
            CommandLinePairs.Read(sources.CommandLine, report),
        ];

        StrayVariables.Report(sources.Environment, ConfigurationSchema.SectionNames, ConfigurationSchema.Keys, report);

        // Without the file that was meant, everything below would be judged by its absence.
        var options = tree is null ? null : ConfigurationSchema.Read(KestrelSection.AddDefaults(Layers.Merge([tree, .. nearer])), report);
        return new ConfigurationResult
        {
            Options = report.Problems.Count == 0 ? options : null,
            Problems = report.Problems,
            Warnings = report.Warnings,
            File = file,
        };
    }
}
