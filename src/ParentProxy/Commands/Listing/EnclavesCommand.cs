using System.CommandLine;
using System.Text.Json;
using ParentProxy.Commands.Check;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Discovery;
using ParentProxy.Enclaves.Transports;

namespace ParentProxy.Commands.Listing;

/// <summary>
/// <c>parent-proxy enclaves</c>: the enclaves of the running proxy; where there is none, those of the configuration and of nitro-cli.
/// </summary>
/// <param name="output">Where they are written.</param>
/// <param name="errors">Where it is written what else there is to say.</param>
/// <param name="time">The clock.</param>
internal sealed class EnclavesCommand(TextWriter output, TextWriter errors, TimeProvider time)
{
    /// <summary>The command with its options.</summary>
    /// <param name="sources">What the configuration is read from.</param>
    public static Command Create(Func<ParseResult, ConfigurationSources> sources)
    {
        var json = new Option<bool>("--json") { Description = "Print JSON: from a running proxy, what its /enclaves answers." };
        var command = new ExampleCommand(
            "enclaves",
            "List the enclaves of the running proxy; if none is running, those of the configuration and of nitro-cli.",
            "parent-proxy enclaves",
            "parent-proxy enclaves --json | jq -r '.enclaves[] | select(.state != \"healthy\") | .id'")
        {
            json,
        };
        command.SetAction((parsed, cancellationToken) => new EnclavesCommand(Console.Out, Console.Error, TimeProvider.System)
            .RunAsync(sources(parsed), parsed.GetValue(json), cancellationToken));
        return command;
    }

    /// <summary>Asks the running proxy; without one, reads the configuration.</summary>
    /// <param name="sources">What the configuration is read from: it says where the proxy is asked.</param>
    /// <param name="isJson">Whether JSON is printed.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(ConfigurationSources sources, bool isJson, CancellationToken cancellationToken)
    {
        var loaded = ConfigurationLoader.Load(sources);
        if (loaded.Options is null)
            await errors.WriteLineAsync(ConfigurationSummary.Mistakes(loaded));
        using var running = new RunningProxy(RunningAdmin.Of(loaded));
        if (isJson && await running.EnclavesTextAsync() is { } text)
        {
            await output.WriteLineAsync(text.TrimEnd());
            return ExitCode.Ok;
        }

        if (!isJson && await running.EnclavesAsync() is { } list)
        {
            foreach (var line in EnclaveTable.Lines(list.Enclaves, time.GetUtcNow()))
                await output.WriteLineAsync(line);
            if (list.Enclaves.Count == 0)
                await errors.WriteLineAsync("parent-proxy: the running proxy has no enclaves");
            return ExitCode.Ok;
        }

        if (loaded.Options is not { } options)
            return ExitCode.Failed;
        await ListConfiguredAsync(options, isJson, cancellationToken);
        return ExitCode.Ok;
    }

    private async Task ListConfiguredAsync(ProxyOptions options, bool isJson, CancellationToken cancellationToken)
    {
        var discovery = options.Discovery;
        var described = File.Exists(discovery.NitroCli)
            ? await new NitroCli(time).DescribeAsync(discovery.NitroCli, discovery.Timeout, cancellationToken)
            : null;
        using var known = new KnownEnclaves(options, described, new EnclaveDialer(options.Vsock, time), time);
        var list = StoppedView.Of(known, described);
        if (isJson)
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(list, ListingJson.Indented.StoppedView));
            return;
        }

        foreach (var line in list.Lines())
            await output.WriteLineAsync(line);
        await errors.WriteLineAsync($"parent-proxy: no proxy answers on {options.Admin.Url} (Admin:Url): this is the configuration"
            + (described is null ? $"; there is no {discovery.NitroCli}" : ", and what nitro-cli tells"));
        if (described?.Failure is { } failure)
            await errors.WriteLineAsync($"parent-proxy: nitro-cli: {failure}");
    }
}
