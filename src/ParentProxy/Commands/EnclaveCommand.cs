using System.Diagnostics.Metrics;
using ParentProxy.Commands.Check;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Inside;
using ParentProxy.Inside.Application;
using ParentProxy.Inside.Logs;
using ParentProxy.Runtime;
using ParentProxy.Sockets;
using ParentProxy.Telemetry;
using ParentProxy.Telemetry.Metrics;

namespace ParentProxy.Commands;

/// <summary><c>parent-proxy enclave</c>: the program inside an enclave.</summary>
internal static class EnclaveCommand
{
    /// <summary>What the last log lines get to reach the parent.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(5);

    /// <summary>Serves until the application has ended or a signal comes.</summary>
    /// <param name="sources">What the configuration is read from.</param>
    /// <returns>The exit code of the application, or that of this program.</returns>
    public static async Task<int> RunAsync(ConfigurationSources sources)
    {
        var loaded = ConfigurationLoader.LoadInside(sources with { SystemFile = "/etc/parent-proxy/enclave.json", ShippedFile = null });
        if (loaded.Options is not { } configuration)
        {
            await Console.Error.WriteLineAsync(ConfigurationSummary.Mistakes(loaded));
            return ExitCode.Configuration;
        }

        // To the very end: a signal must not end the program before the application's exit code is told.
        using var signals = new InsideSignals();
        var time = TimeProvider.System;
        var dialer = new EnclaveDialer(configuration.Vsock, time);
        using var meter = new Meter(new MeterOptions(ProxyMeter.Name) { Scope = configuration });
        await using var lines = new LogShipper(configuration.Enclave, dialer, meter, time);
        Logging logging;
        try
        {
            logging = new Logging(configuration.Log, configuration.Sections, isUnderSystemd: false, lines.Sink);
        }
        catch (Exception ex) when (ex is InvalidOperationException or ArgumentException or FormatException or IOException)
        {
            await Console.Error.WriteLineAsync(
                $"parent-proxy: the configuration has a mistake:\n  Serilog: {ex.GetBaseException().Message}");
            return ExitCode.Configuration;
        }

        var context = new InsideContext(configuration, dialer, meter, logging.Factory, time);
        var code = await RunAsync(context, loaded, lines, signals);
        signals.Over();
        await logging.DisposeAsync();
        await Task.WhenAny(lines.FlushAsync(LastWords), signals.Hurry);
        return code;
    }

    private static async Task<int> RunAsync(
        InsideContext context, ConfigurationResult<InsideConfiguration> loaded, LogShipper lines, InsideSignals signals)
    {
        var logger = context.Loggers.CreateLogger(typeof(InsideHost).FullName!);
        foreach (var warning in loaded.Warnings)
            InsideLog.ConfigurationWarning(logger, warning.Path, warning.Reason);
        InsideLog.Started(logger, ProgramVersion.Text, loaded.File ?? "none");
        var code = ExitCode.Failed;
        try
        {
            using var children = ChildReaper.ForProcess();
            await using var host = new InsideHost(context, lines.IsWanted ? lines : null, children);
            code = await host.RunAsync(signals);
        }
        catch (ApplicationUserException ex)
        {
            code = ExitCode.Configuration;
            await SayAsync(ex.Message);
        }
        catch (Exception ex) when (ex is IOException or ListenException)
        {
            await SayAsync(ex.Message);
        }
        catch (Exception ex)
        {
            // Its stack trace would be on a console that nobody has: the parent's log is the only place.
            InsideLog.Fault(logger, ex);
        }

        InsideLog.Ended(logger, code);
        return code;

        // The parent's log has it, and who started the program by hand sees it.
        async Task SayAsync(string reason)
        {
            InsideLog.NotStarted(logger, reason);
            await Console.Error.WriteLineAsync($"parent-proxy: {reason}");
        }
    }
}
