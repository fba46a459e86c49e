using ParentProxy.Configuration;
using ParentProxy.Endpoints;

namespace ParentProxy.Commands;

/// <summary><c>parent-proxy doctor --egress HOST:PORT</c>: why an enclave reaches a destination, or does not.</summary>
internal static class DoctorCommand
{
    /// <summary>Prints what it finds on the way from an enclave to a destination.</summary>
    /// <param name="sources">What the configuration is read from.</param>
    /// <param name="egress">The destination.</param>
    /// <param name="enclave">The enclave, by CID, Id or Name; null: every one that is configured.</param>
    /// <returns>The exit code: 0 when an enclave may reach it, and it answers.</returns>
    public static async Task<int> RunAsync(ConfigurationSources sources, string egress, string? enclave)
    {
        if (!Destination.TryParse(egress, null, out var destination, out var reason))
        {
            await Console.Error.WriteLineAsync($"parent-proxy: --egress '{egress}' is not HOST:PORT: {reason}");
            return ExitCode.Usage;
        }

        var loaded = ConfigurationLoader.Load(sources);
        if (loaded.Options is not { } options)
        {
            await Console.Error.WriteLineAsync(ConfigurationSummary.Mistakes(loaded));
            return ExitCode.Failed;
        }

        using var running = new RunningProxy(options.Admin);
        var doctor = new EgressDoctor(options, destination, await running.EgressAsync(), TimeProvider.System, Console.Out);
        return await doctor.RunAsync(enclave) ? ExitCode.Ok : ExitCode.Failed;
    }
}
