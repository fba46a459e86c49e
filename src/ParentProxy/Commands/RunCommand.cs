using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using ParentProxy.Commands.Check;
using ParentProxy.Configuration;
using ParentProxy.Hosting;
using ParentProxy.Runtime;
using ParentProxy.Sockets;
using ParentProxy.Sockets.Passing;
using ParentProxy.Telemetry;

namespace ParentProxy.Commands;

/// <summary><c>parent-proxy run</c>: the service.</summary>
internal static class RunCommand
{
    /// <summary>How long a second signal's line in the log may take, which is written in the background.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromMilliseconds(200);

    /// <summary>Serves until a signal comes.</summary>
    /// <param name="sources">What the configuration is read from.</param>
    /// <param name="onStarted">Runs once the listeners are open and the first round of probes is over.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(ConfigurationSources sources, Action<ProxyServer>? onStarted = null)
    {
        // First of all: programs that are started from here on must not get the sockets.
        var passed = SystemdListeners.Take(Environment.GetEnvironmentVariable, Forget, out var strangers);
        var handed = Succession.Take(Environment.GetEnvironmentVariable, Forget);
        ListenerStore.OfProcess = new ListenerStore(
            [.. passed, .. handed], SystemdListenerKeeper.Of(Environment.GetEnvironmentVariable));
        var loaded = ConfigurationLoader.Load(sources);
        if (loaded.Options is not { } options)
        {
            await Console.Error.WriteLineAsync(ConfigurationSummary.Mistakes(loaded));
            return ExitCode.Configuration;
        }

        OtlpSettings? otlp;
        try
        {
            otlp = OtlpSettings.Of(Environment.GetEnvironmentVariable);
        }
        catch (FormatException ex)
        {
            await WriteMistakeAsync($"{OtlpSettings.Variable}: {ex.Message}");
            return ExitCode.Configuration;
        }

        Logging logging;
        try
        {
            logging = new Logging(options.Log, options.Sections, Logging.IsUnderSystemd(Environment.GetEnvironmentVariable));
        }
        catch (Exception ex) when (ex is InvalidOperationException or ArgumentException or FormatException or IOException)
        {
            await WriteMistakeAsync($"Serilog: {ex.GetBaseException().Message}");
            return ExitCode.Configuration;
        }

        await using (logging)
            return await ServeAsync(sources, loaded, options, logging, otlp, strangers, onStarted);
    }

    private static void Forget(string variable) => Environment.SetEnvironmentVariable(variable, null);

    private static Task WriteMistakeAsync(string mistake) =>
        Console.Error.WriteLineAsync($"parent-proxy: the configuration has a mistake:\n  {mistake}");

    private static async Task<int> ServeAsync(
        ConfigurationSources sources,
        ConfigurationResult<ProxyOptions> loaded,
        ProxyOptions options,
        Logging logging,
        OtlpSettings? otlp,
        IReadOnlyList<string> strangers,
        Action<ProxyServer>? onStarted)
    {
        // Taken at once: what changes while the program starts is a change, too.
        var seen = ConfigurationReloader.Fingerprint(sources, options.NamedFiles());
        var time = TimeProvider.System;
        var configuration = new ActiveConfiguration(options);
        var manager = new ServiceManager(new SystemdNotifier());
        var logger = logging.Factory.CreateLogger(typeof(RunCommand).FullName!);
        foreach (var warning in loaded.Warnings)
            HostingLog.ConfigurationWarning(logger, warning.Path, warning.Reason);
        foreach (var name in strangers)
            HostingLog.PassedSomethingElse(logger, name);
        WarnOfFewDescriptors(logger, options);

        // The demo reads no file, so that there is nothing to reload: it ends with its terminal like every program.
        var reloads = sources.CandidateFiles.Count > 0;
        using var signals = new StopSignals(
            signal =>
            {
                HostingLog.SecondSignal(logger, signal.ToString());
                logging.DisposeAsync().AsTask().Wait(LastWords);
                Environment.Exit(ExitCode.Failed);
            },
            time,
            includeHangUp: !reloads);
        await using var server = new ProxyServer(configuration, logging.Factory, time, otlp: otlp);
        server.Reloads.Started(loaded);
        try
        {
            await server.StartAsync(CancellationToken.None);
        }
        catch (Exception ex) when (ex is IOException or ListenException)
        {
            await Console.Error.WriteLineAsync($"parent-proxy: {ex.Message}");
            return ExitCode.Failed;
        }
        catch (Exception ex) when (ex is CryptographicException or InvalidOperationException or NotSupportedException or FormatException)
        {
            // What Kestrel finds in its section only when it opens the listeners, a certificate's wrong password above all.
            await WriteMistakeAsync($"Kestrel: {ex.GetBaseException().Message}");
            return ExitCode.Configuration;
        }

        foreach (var unused in ListenerStore.OfProcess.CloseUnused())
            HostingLog.PassedInVain(logger, unused.Name, unused.EndPoint.ToString()!);
        var admin = server.MetricsEndPoint is { } metrics ? $"{server.AdminEndPoint}, metrics on {metrics}" : server.AdminEndPoint;
        var endPoints = string.Join(", ", server.EndPoints);
        using var running = new CancellationTokenSource();
        await using var reloader = new ConfigurationReloader(
            sources, seen, configuration, server, logging, manager, time, logging.Factory.CreateLogger<ConfigurationReloader>());

        // Before the line: who reads it may send a signal that ends a program that does not ask for it.
        using var succession = new Succession(manager.IsEnabled, () => signals.Take(PosixSignal.SIGTERM), logger);
        if (reloads)
            reloader.Start();
        HostingLog.Started(logger, ProgramVersion.Text, endPoints, admin, server.Targets, loaded.File ?? "none");
        await using var service = new SystemdService(manager, server, time, logging.Factory.CreateLogger<SystemdService>());
        service.Start(SystemdService.WatchdogInterval(Environment.GetEnvironmentVariable));

        if (await Task.WhenAny(server.FirstRoundAsync(running.Token), signals.Requested) != signals.Requested)
        {
            // Healthy or not: an enclave that is still booting must not put the unit into a restart loop.
            manager.Ready();
            Succession.EndPredecessor();
            var first = server.Health;
            HostingLog.FirstRound(logger, first.Status, first.Healthy, first.Total);
            onStarted?.Invoke(server);
        }

        var signal = await signals.Requested;
        await StopAsync(server, configuration, manager, logger, signal, succession.Stop());
        await running.CancelAsync();
        return ExitCode.Ok;
    }

    private static async Task StopAsync(
        ProxyServer server,
        ActiveConfiguration configuration,
        ServiceManager manager,
        ILogger logger,
        PosixSignal signal,
        bool hasNext)
    {
        var timeouts = configuration.Options.Timeouts;
        server.BeginDraining();
        manager.Stopping(timeouts.DrainDelay + timeouts.Drain + TimeSpan.FromSeconds(10));
        if (hasNext)
            HostingLog.Succeeded(logger, timeouts.Drain);
        else if (ListenerStore.OfProcess.IsKeeping)
            HostingLog.StoppingForNext(logger, signal.ToString(), timeouts.DrainDelay, timeouts.Drain);
        else
            HostingLog.Stopping(logger, signal.ToString(), timeouts.DrainDelay, timeouts.Drain);
        if (await server.StopAsync(hasNext))
            HostingLog.Stopped(logger);
        else
            HostingLog.StoppedHard(logger);
    }

    private static void WarnOfFewDescriptors(ILogger logger, ProxyOptions options)
    {
        var connections = DescriptorNeed.Of(options);
        if (OpenFileLimit.Current() is { } limit && limit < connections * 2)
            HostingLog.FewDescriptors(logger, limit, connections);
    }
}
