using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using ParentProxy.Commands.Check;
using ParentProxy.Configuration;
using ParentProxy.Configuration.Reading;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Discovery;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;

namespace ParentProxy.Commands.Ping;

/// <summary><c>parent-proxy ping</c>: dials enclaves again and again, and probes them as the proxy does.</summary>
/// <param name="output">Where each attempt is written.</param>
/// <param name="errors">Where it is written what went wrong before.</param>
/// <param name="time">The clock.</param>
internal sealed class PingCommand(TextWriter output, TextWriter errors, TimeProvider time)
{
    private static readonly ProxyOptions Defaults = new()
    {
        Sections = new Microsoft.Extensions.Configuration.ConfigurationBuilder().Build(),
    };

    /// <summary>The command with its options.</summary>
    /// <param name="sources">What the configuration is read from.</param>
    /// <param name="isConfigured">Whether a file or a setting was given for this call, so that it has to be right.</param>
    public static Command Create(Func<ParseResult, ConfigurationSources> sources, Func<ParseResult, bool> isConfigured)
    {
        var flags = new PingFlags();
        var command = new ExampleCommand(
            "ping",
            "Connect to enclaves again and again, probe them as the proxy does (Health:Probe), and report how long it takes.",
            "parent-proxy ping",
            "parent-proxy ping proof-server -c 5",
            "parent-proxy ping vsock://16:6300 --connect -i 0.2 -W 1");
        flags.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
            using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
            return await new PingCommand(Console.Out, Console.Error, TimeProvider.System)
                .RunAsync(sources(parsed), isConfigured(parsed), flags.Read(parsed), stop.Token);

            // A second one ends the program, as the system has it.
            void Stop(PosixSignalContext context)
            {
                context.Cancel = !stop.IsCancellationRequested;
                stop.Cancel();
            }
        });
        return command;
    }

    /// <summary>Asks round after round, and sums up at the end.</summary>
    /// <param name="sources">What the configuration is read from.</param>
    /// <param name="isConfigured">Whether it has to be right although an endpoint is all that is needed.</param>
    /// <param name="arguments">What was given.</param>
    /// <param name="stop">Ends it; the statistics are written still.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(
        ConfigurationSources sources, bool isConfigured, PingArguments arguments, CancellationToken stop)
    {
        EnclaveEndpoint? endpoint = null;
        if (arguments.Target is { } target && IsEndpoint(target) && !EnclaveEndpoint.TryParse(target, out endpoint, out var reason))
        {
            await errors.WriteLineAsync($"parent-proxy: {reason}");
            return ExitCode.Usage;
        }

        var loaded = ConfigurationLoader.Load(sources);
        if (loaded.Options is null && (endpoint is null || isConfigured))
        {
            await errors.WriteLineAsync(ConfigurationSummary.Mistakes(loaded));
            return ExitCode.Failed;
        }

        if (loaded.IsForbidden)
        {
            await errors.WriteLineAsync(ConfigurationSummary.Mistakes(loaded));
            await errors.WriteLineAsync("parent-proxy: the default probe and time-outs are used");
        }

        var options = loaded.Options ?? Defaults;
        var dialer = new TimedDialer(new EnclaveDialer(options.Vsock, time), time);
        using var known = endpoint is null
            ? new KnownEnclaves(options, await DescribeAsync(options.Discovery), dialer, time)
            : KnownEnclaves.At(endpoint, options, dialer, time);
        var enclaves = endpoint is null && arguments.Target is { } name ? known.Named(name) : known.All;
        if (enclaves.Count > 0)
            return await PingAsync(known, enclaves, options, arguments, dialer, stop);
        await errors.WriteLineAsync(arguments.Target is { } missing
            ? $"parent-proxy: no enclave has the Id or Name {Quoted.Text(missing)}; "
                + (known.All.Count > 0 ? $"there are {string.Join(", ", known.All.Select(enclave => enclave.Id))}" : "there is none")
            : "parent-proxy: there is no enclave to ping; name one: parent-proxy ping vsock://16:6300");
        return ExitCode.Failed;
    }

    private async Task<DescribeResult?> DescribeAsync(DiscoveryOptions options) => options.Enabled
        ? await new NitroCli(time).DescribeAsync(options.NitroCli, options.Timeout, CancellationToken.None)
        : null;

    private async Task<int> PingAsync(
        KnownEnclaves known,
        IReadOnlyList<Enclave> enclaves,
        ProxyOptions options,
        PingArguments arguments,
        TimedDialer dialer,
        CancellationToken stop)
    {
        var shots = new List<PingShot>();
        for (var round = 1; (arguments.Count is not { } count || round <= count) && !stop.IsCancellationRequested; round++)
        {
            var started = time.GetTimestamp();
            var sequence = round;
            try
            {
                foreach (var shot in await Task.WhenAll(enclaves.Select(enclave => ShootAsync(enclave, sequence))))
                {
                    shots.Add(shot);
                    await output.WriteLineAsync(arguments.Json ? JsonSerializer.Serialize(shot, PingJson.Line.PingShot) : Line(shot));
                }

                var left = arguments.Interval - time.GetElapsedTime(started);
                if (left > TimeSpan.Zero && round != arguments.Count)
                    await Task.Delay(left, time, stop);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        var statistics = shots.GroupBy(shot => shot.Enclave).Select(group => PingStatistics.Of([.. group])).ToList();
        if (arguments.Json)
            await output.WriteLineAsync(JsonSerializer.Serialize(new PingSummary(statistics), PingJson.Line.PingSummary));
        else
            await WriteAsync(statistics);
        return statistics.Any(one => one.Ok > 0) ? ExitCode.Ok : ExitCode.Failed;

        async Task<PingShot> ShootAsync(Enclave enclave, int sequence)
        {
            var dial = dialer.Begin();
            if (arguments.ConnectOnly)
                return await ConnectAsync(enclave, sequence, dial, arguments.Timeout ?? options.Timeouts.Connect, stop);
            var probe = await known.ProbeAsync(enclave, arguments.Timeout ?? options.Health.Probe.Timeout, stop);
            return new PingShot(
                enclave.Id,
                enclave.Endpoint.ToString(),
                sequence,
                probe.Ok,
                Milliseconds(dial.Took),
                Milliseconds(probe.Latency)!.Value,
                probe.Status,
                probe.Ok ? null : probe.Code,
                probe.Detail);
        }

        async Task<PingShot> ConnectAsync(
            Enclave enclave, int sequence, TimedDialer.Stopwatch dial, TimeSpan timeout, CancellationToken cancellationToken)
        {
            var started = time.GetTimestamp();
            string? error = null;
            var detail = $"{enclave.Endpoint} accepts connections";
            try
            {
                await using var stream = await dialer.DialAsync(enclave.Endpoint, timeout, cancellationToken);
            }
            catch (DialException ex)
            {
                (error, detail) = (ex.Code, ex.Message);
            }

            return new PingShot(
                enclave.Id,
                enclave.Endpoint.ToString(),
                sequence,
                error is null,
                Milliseconds(dial.Took),
                Milliseconds(dial.Took ?? time.GetElapsedTime(started))!.Value,
                null,
                error,
                detail);
        }
    }

    private async Task WriteAsync(IReadOnlyList<PingStatistics> statistics)
    {
        foreach (var one in statistics)
        {
            await output.WriteLineAsync();
            await output.WriteLineAsync($"--- {Name(one.Enclave, one.Endpoint)} ---");
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"{one.Sent} sent, {one.Ok} ok, {one.Failed} failed, {one.LossPercent:0.#} % loss"));
            if (one.Ok > 0)
            {
                await output.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture,
                    $"min/avg/p50/p99/max {one.MinMs:0.000}/{one.AverageMs:0.000}/{one.P50Ms:0.000}/{one.P99Ms:0.000}/"
                        + $"{one.MaxMs:0.000} ms"));
            }
        }
    }

    private static string Line(PingShot shot)
    {
        var dial = shot.DialMs is { } ms ? string.Create(CultureInfo.InvariantCulture, $" dial={ms:0.000} ms") : "";
        var total = string.Create(CultureInfo.InvariantCulture, $" total={shot.TotalMs:0.000} ms");
        var status = shot.Status is { } code ? $" status={code}" : "";
        var result = shot.Ok ? "ok" : $"{shot.Error}: {shot.Detail}";
        return $"{Name(shot.Enclave, shot.Endpoint)}: seq={shot.Sequence}{dial}{status}{total} {result}";
    }

    private static string Name(string enclave, string endpoint) => enclave == endpoint ? endpoint : $"{enclave} ({endpoint})";

    private static double? Milliseconds(TimeSpan? span) => span is { } time ? Math.Round(time.TotalMilliseconds, 3) : null;

    private static bool IsEndpoint(string target) =>
        target.Contains("://", StringComparison.Ordinal)
        || target.StartsWith("unix:", StringComparison.OrdinalIgnoreCase)
        || target.StartsWith("hybrid:", StringComparison.OrdinalIgnoreCase);
}
