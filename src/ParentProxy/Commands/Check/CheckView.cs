using System.Text.Json;
using ParentProxy.Admin.StatusPage;
using ParentProxy.Configuration;

namespace ParentProxy.Commands.Check;

/// <summary>Configurations that were judged, as JSON.</summary>
/// <param name="Ok">Whether all are good.</param>
/// <param name="Files">Each of them.</param>
internal sealed record CheckView(bool Ok, IReadOnlyList<CheckView.FileView> Files)
{
    /// <summary>The view of configurations that were judged.</summary>
    public static CheckView Of(IReadOnlyList<CheckedFile> files) => new(files.All(file => file.IsGood), [.. files.Select(FileView.Of)]);

    /// <summary>One configuration; what it comes to is empty where there are mistakes.</summary>
    /// <param name="File">The file; null for none.</param>
    /// <param name="EnvironmentFile">The file of variables that was read beside it; null for none.</param>
    /// <param name="Ok">Whether it is good.</param>
    /// <param name="Problems">Every mistake.</param>
    /// <param name="Warnings">What is likely not meant, or keeps it from working on this machine as it is now.</param>
    /// <param name="Listeners">Where it has the proxy listen.</param>
    /// <param name="Enclaves">The enclaves, and where their values were written.</param>
    /// <param name="Settings">All settings in effect.</param>
    internal sealed record FileView(
        string? File,
        string? EnvironmentFile,
        bool Ok,
        IReadOnlyList<ConfigurationProblem> Problems,
        IReadOnlyList<ConfigurationProblem> Warnings,
        IReadOnlyList<ListenerView> Listeners,
        IReadOnlyList<EnclaveView> Enclaves,
        IReadOnlyList<SettingView> Settings)
    {
        /// <summary>The view of one that was judged.</summary>
        public static FileView Of(CheckedFile file)
        {
            var (loaded, places, _) = file;
            var options = loaded.Options;
            var origins = new ValueOrigins(loaded.Tree);
            return new FileView(
                loaded.File,
                loaded.EnvironmentFile,
                file.IsGood,
                loaded.Problems,
                [.. file.Warnings],
                [.. places.Select(report => new ListenerView(
                    report.Place.Text, report.Place.Setting, report.Place.Purpose, report.Word, report.Summary))],
                [.. (options?.Enclaves ?? []).Select(enclave => new EnclaveView(
                    enclave.Id,
                    enclave.Name,
                    enclave.Endpoint.ToString(),
                    enclave.Weight,
                    JsonNamingPolicy.CamelCase.ConvertName(enclave.State.ToString()),
                    enclave.Backup,
                    origins.OfEnclave(enclave.Id)))],
                options is null ? [] : [.. EffectiveSettings.Of(options).Select(setting => SettingView.Of(setting, origins))]);
        }
    }

    /// <summary>A place where the proxy listens.</summary>
    /// <param name="Address">The address.</param>
    /// <param name="Setting">The setting that holds it.</param>
    /// <param name="Purpose">What for.</param>
    /// <param name="State"><c>free</c>, <c>ours</c>, <c>taken</c>, <c>impossible</c> or <c>untried</c>.</param>
    /// <param name="Detail">That in a sentence.</param>
    internal sealed record ListenerView(string Address, string Setting, string Purpose, string State, string Detail);

    /// <summary>An entry of <c>Enclaves</c>, or what variables make of one.</summary>
    /// <param name="Id">Its Id.</param>
    /// <param name="Name">Its name.</param>
    /// <param name="Endpoint">Where it is dialled.</param>
    /// <param name="Weight">Its share.</param>
    /// <param name="State"><c>ready</c> or <c>drain</c>, as in the configuration.</param>
    /// <param name="Backup">Whether it gets traffic only while no other is usable.</param>
    /// <param name="Origins">
    /// By key: <c>file</c>, a variable, a file of variables, <c>command line</c>. Keys at their default are missing.
    /// </param>
    internal sealed record EnclaveView(
        string Id,
        string Name,
        string Endpoint,
        int Weight,
        string State,
        bool Backup,
        IReadOnlyDictionary<string, string> Origins);

    /// <summary>A setting in effect.</summary>
    /// <param name="Path">Its path.</param>
    /// <param name="Value">Its value, redacted where it could be a secret; null when it is not set.</param>
    /// <param name="Origin"><c>default</c>, <c>file</c>, a variable, a file of variables or <c>command line</c>.</param>
    internal sealed record SettingView(string Path, string? Value, string Origin)
    {
        /// <summary>The view of a setting, with where it was written.</summary>
        public static SettingView Of(Setting setting, ValueOrigins origins)
        {
            var path = ConfigurationSummary.Path(setting);
            return new SettingView(path, setting.Value, origins.Of(path));
        }
    }
}
