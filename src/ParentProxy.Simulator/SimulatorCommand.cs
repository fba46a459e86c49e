using System.CommandLine;
using System.Net.Sockets;
using ParentProxy.Simulator.Attestation;

namespace ParentProxy.Simulator;

/// <summary>The command line: one simulated enclave until SIGTERM or Ctrl-C.</summary>
internal static class SimulatorCommand
{
    private const int Ok = 0;
    private const int Failed = 1;
    private const int WrongUsage = 2;

    // Longer than the server takes to stop, or the process would end with the signal's code in the middle of it.
    private static readonly TimeSpan TerminationTimeout = TimeSpan.FromSeconds(15);

    public static async Task<int> RunAsync(string[] args)
    {
        var listen = new Option<string>("--listen")
        {
            Description = "Where to listen: vsock://CID:PORT, tcp://127.0.0.1:PORT (0: a free port), unix:/PATH, hybrid:/PATH:PORT.",
            HelpName = "URI",
            Required = true,
        };
        var defaults = new SimulatorOptions { Listen = "" };
        var name = new Option<string>("--name")
        {
            Description = "The value of X-Enclave on every response.",
            DefaultValueFactory = _ => defaults.Name,
        };
        var latency = new Option<int>("--latency") { Description = "Milliseconds that an ordinary request waits.", HelpName = "MS" };
        var failureRate = new Option<double>("--failure-rate")
        {
            Description = "The share of ordinary requests that are answered 500.",
            HelpName = "0..1",
        };
        var http2 = new Option<bool>("--http2") { Description = "Serve HTTP/2 without TLS instead of HTTP/1.1." };
        var attestation = new AttestationArguments();
        var command = new RootCommand("A simulated enclave for development and tests.") { listen, name, latency, failureRate, http2 };
        attestation.AddTo(command);
        command.SetAction((parsed, cancellationToken) => PrepareAsync(
            new SimulatorOptions
            {
                Listen = parsed.GetRequiredValue(listen),
                Name = parsed.GetRequiredValue(name),
                Latency = TimeSpan.FromMilliseconds(parsed.GetValue(latency)),
                FailureRate = parsed.GetValue(failureRate),
                Http2 = parsed.GetValue(http2),
                Attestation = attestation.Read(parsed),
            },
            attestation.ReadFiles(parsed),
            cancellationToken));

        var result = command.Parse(args);
        var code = await result.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TerminationTimeout });
        return result.Errors.Count > 0 ? WrongUsage : code;
    }

    private static async Task<int> PrepareAsync(SimulatorOptions options, AttestationFiles files, CancellationToken cancellationToken)
    {
        try
        {
            // All mistakes, before a file is made.
            options.Validate();
            if (options.Attestation is { } attestation)
            {
                var pki = await files.PrepareAsync(options.TimeProvider, cancellationToken);
                options = options with { Attestation = attestation with { Pki = pki } };
            }
        }
        catch (ArgumentException e)
        {
            return await FailAsync(WrongUsage, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return await FailAsync(Failed, $"cannot use the files for attestation: {e.Message}");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Ok;
        }

        return await ServeAsync(options, cancellationToken);
    }

    private static async Task<int> ServeAsync(SimulatorOptions options, CancellationToken cancellationToken)
    {
        SimulatedEnclave enclave;
        try
        {
            enclave = await SimulatedEnclave.StartAsync(options, cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException)
        {
            var also = options.Attestation?.Listen is { } lines ? $" and {lines}" : "";
            return await FailAsync(Failed, $"cannot listen on {options.Listen}{also}: {e.Message}");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Ok;
        }

        await using (enclave)
        {
            await Console.Out.WriteLineAsync($"listening on {enclave.EndPoint}");
            if (enclave.AttestationEndPoint is { } lines)
                await Console.Out.WriteLineAsync($"attestation on {lines}");
            if (enclave.Attester is { } attester)
                await Console.Out.WriteLineAsync($"attestation root sha256 {attester.Pki.RootSha256}");
            await Console.Out.FlushAsync(CancellationToken.None);
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await enclave.StopAsync(CancellationToken.None);
        }

        return Ok;
    }

    private static async Task<int> FailAsync(int code, string reason)
    {
        await Console.Error.WriteLineAsync(reason);
        return code;
    }
}
