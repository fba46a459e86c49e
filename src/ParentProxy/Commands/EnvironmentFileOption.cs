using System.CommandLine;
using System.Globalization;
using ParentProxy.Configuration;
using ParentProxy.Configuration.Sources;

namespace ParentProxy.Commands;

/// <summary>
/// <c>--environment-file</c>: what systemd gives the service as its environment, for commands that an operator types, so that they
/// look at the configuration of the service.
/// </summary>
internal sealed class EnvironmentFileOption
{
    /// <summary>systemd sets it to the id of the process that it starts, from version 248 on.</summary>
    private const string SystemdChild = "SYSTEMD_EXEC_PID";

    private readonly Option<string?> _option = new("--environment-file")
    {
        Description = "More variables, in the format of systemd's EnvironmentFile=; those of this process win. Otherwise the service's "
            + "/etc/parent-proxy/parent-proxy.env, unless a configuration other than the service's is named.",
        HelpName = "FILE",
    };

    /// <summary>Adds the option to a command.</summary>
    public void AddTo(Command command) => command.Options.Add(_option);

    /// <summary>Whether a file was named for this call.</summary>
    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_option) is not null;

    /// <summary>The sources with the file that was named, or that of the service.</summary>
    public ConfigurationSources Complete(ParseResult parsed, ConfigurationSources sources) => sources with
    {
        EnvironmentFile = parsed.GetValue(_option) is { } named
            ? EnvironmentFile.Require(named)
            : IsOfService(sources) ? EnvironmentFile.Find(sources.SystemEnvironmentFile) : null,
    };

    /// <summary>
    /// Whether the service's file goes with what is read: not with another configuration, nor where systemd has read it already, as
    /// for <c>ExecReload=</c>. The file may be for root alone, as only systemd has to read it.
    /// </summary>
    public static bool IsOfService(ConfigurationSources sources) => !IsOfSystemd(sources) && sources.IsSystemFile;

    /// <summary>Whether systemd itself started this process, with the variables of the unit.</summary>
    public static bool IsOfSystemd(ConfigurationSources sources) =>
        sources.Environment.GetValueOrDefault(SystemdChild) == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
}
