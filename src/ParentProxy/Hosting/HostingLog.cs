using Microsoft.Extensions.Logging;

namespace ParentProxy.Hosting;

internal static partial class HostingLog
{
    [LoggerMessage(
        EventId = 400, Level = LogLevel.Information,
        Message = "parent-proxy {Version} listens on {EndPoints}, admin on {Admin}, and forwards to {Targets}; "
            + "configuration: {File}")]
    public static partial void Started(ILogger logger, string version, string endPoints, string admin, string targets, string file);

    [LoggerMessage(EventId = 401, Level = LogLevel.Warning, Message = "Configuration: {Path}: {Reason}")]
    public static partial void ConfigurationWarning(ILogger logger, string path, string reason);

    [LoggerMessage(
        EventId = 402, Level = LogLevel.Information,
        Message = "First round of probes: {Status}, {Healthy} of {Total} enclaves healthy")]
    public static partial void FirstRound(ILogger logger, string status, int healthy, int total);

    [LoggerMessage(EventId = 403, Level = LogLevel.Information, Message = "Configuration reloaded from {File}: forwarding to {Targets}")]
    public static partial void Reloaded(ILogger logger, string file, string targets);

    [LoggerMessage(EventId = 404, Level = LogLevel.Error, Message = "Configuration from {File} refused, the running one stays: {Problems}")]
    public static partial void ReloadRefused(ILogger logger, string file, string problems);

    [LoggerMessage(
        EventId = 405, Level = LogLevel.Warning,
        Message = "{Paths} changed in the configuration: this takes effect after a restart")]
    public static partial void RestartNeeded(ILogger logger, string paths);

    [LoggerMessage(
        EventId = 406, Level = LogLevel.Information,
        Message = "Stopping on {Signal}: /health fails now, the port closes in {DrainDelay}, requests in flight have {Drain} "
            + "to finish")]
    public static partial void Stopping(ILogger logger, string signal, TimeSpan drainDelay, TimeSpan drain);

    [LoggerMessage(
        EventId = 413, Level = LogLevel.Information,
        Message = "Stopping on {Signal}: /health fails now; in {DrainDelay} requests in flight get {Drain} to finish; the ports stay open "
            + "for the next process")]
    public static partial void StoppingForNext(ILogger logger, string signal, TimeSpan drainDelay, TimeSpan drain);

    [LoggerMessage(
        EventId = 414, Level = LogLevel.Warning,
        Message = "The socket unit that passes {Name} listens on {EndPoint}, where this configuration has no listener: clients that "
            + "connect there wait for ever. Correct ListenStream= of the unit, or the address in the configuration")]
    public static partial void PassedInVain(ILogger logger, string name, string endPoint);

    [LoggerMessage(
        EventId = 415, Level = LogLevel.Warning,
        Message = "systemd passed {Name}, which is no socket that listens for streams on TCP, unix or vsock; it is closed")]
    public static partial void PassedSomethingElse(ILogger logger, string name);

    [LoggerMessage(
        EventId = 416, Level = LogLevel.Information,
        Message = "SIGUSR2: process {Next} is started with the ports of this one, which goes on until that one serves")]
    public static partial void SuccessionBegun(ILogger logger, int next);

    [LoggerMessage(EventId = 417, Level = LogLevel.Warning, Message = "SIGUSR2: process {Next} is about to take over already")]
    public static partial void SuccessionUnderWay(ILogger logger, int next);

    [LoggerMessage(EventId = 418, Level = LogLevel.Error, Message = "No other process has taken over, this one goes on: {Reason}")]
    public static partial void SuccessionFailed(ILogger logger, string reason);

    [LoggerMessage(
        EventId = 419, Level = LogLevel.Warning,
        Message = "SIGUSR2 is ignored: systemd would not know the next process. Use 'systemctl restart': it keeps the ports open, too")]
    public static partial void NoSuccessionUnderSystemd(ILogger logger);

    [LoggerMessage(
        EventId = 420, Level = LogLevel.Information,
        Message = "Stopping: the next process serves and has the ports; requests in flight have {Drain} to finish")]
    public static partial void Succeeded(ILogger logger, TimeSpan drain);

    [LoggerMessage(EventId = 407, Level = LogLevel.Information, Message = "Stopped: every request in flight was finished")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(
        EventId = 408, Level = LogLevel.Warning,
        Message = "Stopped: requests were still in flight after Timeouts:Drain and have been cut off")]
    public static partial void StoppedHard(ILogger logger);

    [LoggerMessage(EventId = 409, Level = LogLevel.Error, Message = "The watchdog is not fed, the proxy does not serve: {Reason}")]
    public static partial void NotServing(ILogger logger, string reason);

    [LoggerMessage(EventId = 410, Level = LogLevel.Warning, Message = "Second {Signal}: ending at once")]
    public static partial void SecondSignal(ILogger logger, string signal);

    [LoggerMessage(EventId = 411, Level = LogLevel.Error, Message = "Reading the configuration failed, the running one stays")]
    public static partial void ReloadFailed(ILogger logger, Exception exception);

    [LoggerMessage(
        EventId = 412, Level = LogLevel.Warning,
        Message = "At most {Limit} files may be open, fewer than the {MaxConnections} connections need that Limits:MaxConnections, "
            + "Passthrough and Egress allow, two each: raise LimitNOFILE of the unit")]
    public static partial void FewDescriptors(ILogger logger, long limit, long maxConnections);
}
