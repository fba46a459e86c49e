using ParentProxy.Commands.Doctor.Host;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Discovery;
using ParentProxy.Enclaves.Transports;

namespace ParentProxy.Commands.Doctor;

/// <summary>Looks at the whole machine.</summary>
/// <param name="machine">The machine.</param>
/// <param name="time">The clock.</param>
internal sealed class MachineDoctor(Machine machine, TimeProvider time)
{
    /// <summary>A call that is killed may cost the enclave that it asks: better to wait.</summary>
    private static readonly TimeSpan LeastPatience = TimeSpan.FromMinutes(1);

    private static readonly ProxyOptions Defaults = new()
    {
        Sections = new Microsoft.Extensions.Configuration.ConfigurationBuilder().Build(),
    };

    /// <summary>How enclaves are dialled; null for as the configuration says.</summary>
    public IEnclaveDialer? Dialer { get; init; }

    /// <summary>Runs every check; one that has a fault of its own is told of as such.</summary>
    /// <param name="loaded">The configuration.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The results below their headings.</returns>
    public async Task<IReadOnlyList<(string Heading, IReadOnlyList<CheckResult> Results)>> RunAsync(
        ConfigurationResult<ProxyOptions> loaded, CancellationToken cancellationToken)
    {
        var settings = loaded.Options ?? Defaults with { Admin = RunningAdmin.Of(loaded) };
        using var running = new RunningProxy(settings.Admin);
        var answer = running.HealthAsync();
        var described = File.Exists(settings.Discovery.NitroCli)
            ? await new NitroCli(time).DescribeAsync(
                settings.Discovery.NitroCli,
                settings.Discovery.Timeout > LeastPatience ? settings.Discovery.Timeout : LeastPatience,
                cancellationToken)
            : null;
        var dialer = Dialer ?? new EnclaveDialer(settings.Vsock, time);
        using var enclaves = new KnownEnclaves(loaded.Options, described, dialer, time);
        var @case = new DoctorCase
        {
            Machine = machine,
            Loaded = loaded,
            Settings = settings,
            Running = await answer,
            Described = described,
            Enclaves = enclaves,
            Dialer = dialer,
            Time = time,
        };
        var sections = new List<(string, IReadOnlyList<CheckResult>)>();
        foreach (var (heading, checks) in DoctorChecks.All)
        {
            var results = new List<CheckResult>();
            foreach (var check in checks)
                results.AddRange(await RunAsync(check, @case, cancellationToken));
            if (results.Count > 0)
                sections.Add((heading, results));
        }

        return sections;
    }

    private static async Task<IReadOnlyList<CheckResult>> RunAsync(
        IDoctorCheck check, DoctorCase @case, CancellationToken cancellationToken)
    {
        try
        {
            return await check.RunAsync(@case, cancellationToken);
        }
        catch (Exception ex) when (ex is not OperationCanceledException)
        {
            // The others go on: a machine that is broken in a way that nobody thought of is the one that they are for.
            return [new CheckResult("doctor", CheckStatus.Skip, $"{check.GetType().Name} could not be completed: {ex.Message}")
            {
                Remedy = ["please report it, with the output of parent-proxy doctor --json"],
            }];
        }
    }
}
