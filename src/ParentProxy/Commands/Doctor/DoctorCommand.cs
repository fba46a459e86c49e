using System.CommandLine;
using System.Text.Json;
using ParentProxy.Commands.Check;
using ParentProxy.Commands.Doctor.Host;
using ParentProxy.Configuration;
using ParentProxy.Endpoints;

namespace ParentProxy.Commands.Doctor;

/// <summary><c>parent-proxy doctor</c>: what is wrong on this machine, or why an enclave does not reach a destination.</summary>
internal static class DoctorCommand
{
    /// <summary>The command with its options.</summary>
    /// <param name="sources">What the configuration is read from.</param>
    public static Command Create(Func<ParseResult, ConfigurationSources> sources)
    {
        var egress = new Option<string?>("--egress")
        {
            Description = "Look only at an enclave's way to this destination: names, rules, connection, listeners, latest refusals.",
            HelpName = "HOST:PORT",
        };
        var enclave = new Option<string?>("--enclave")
        {
            Description = "With --egress: the enclave, by its CID, Id or Name. Otherwise every configured one.",
            HelpName = "ENCLAVE",
        };
        var json = new Option<bool>("--json") { Description = "Print JSON: every check with id, status, summary, evidence and remedy." };
        var doctor = new ExampleCommand(
            "doctor",
            "Find out what is wrong on this machine: configuration, service, vsock, Nitro, enclaves, listeners. Does not need root.",
            "parent-proxy doctor",
            "sudo parent-proxy doctor --json",
            "parent-proxy doctor --egress api.example.com:443 --enclave 16")
        {
            egress, enclave, json,
        };
        doctor.Validators.Add(parsed =>
        {
            if (parsed.GetValue(egress) is null && parsed.GetValue(enclave) is not null)
                parsed.AddError("--enclave goes with --egress");
            if (parsed.GetValue(egress) is not null && parsed.GetValue(json))
                parsed.AddError("--egress and --json do not go together");
        });
        doctor.SetAction((parsed, cancellationToken) => parsed.GetValue(egress) is { } destination
            ? FollowAsync(sources(parsed), destination, parsed.GetValue(enclave))
            : LookAsync(sources(parsed), parsed.GetValue(json), cancellationToken));
        return doctor;
    }

    private static async Task<int> LookAsync(ConfigurationSources sources, bool isJson, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var loaded = await WholeConfiguration.LoadAsync(sources);
        var sections = await new MachineDoctor(new Machine(), time).RunAsync(loaded, cancellationToken);
        var results = sections.SelectMany(section => section.Results).ToList();
        if (isJson)
        {
            var view = DoctorView.Of(results, time.GetUtcNow());
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(view, DoctorJson.Indented.DoctorView));
        }
        else
        {
            await new DoctorReport(Console.Out, Terminal.HasColour).WriteAsync(sections);
        }

        return DoctorView.Worst(results) == CheckStatus.Fail ? ExitCode.Failed : ExitCode.Ok;
    }

    private static async Task<int> FollowAsync(ConfigurationSources sources, string egress, string? enclave)
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
