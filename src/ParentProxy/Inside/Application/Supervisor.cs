using System.Collections;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;

namespace ParentProxy.Inside.Application;

/// <summary>
/// Starts the application, waits until it serves, passes signals on to it, and decides what becomes of it when it has ended.
/// </summary>
internal sealed class Supervisor : IAsyncDisposable
{
    /// <summary>
    /// Signals within this time are one wish to end, whatever their kinds: some who stop a process send two at once.
    /// </summary>
    private static readonly TimeSpan Echo = TimeSpan.FromSeconds(1);

    /// <summary>What those that the application left behind get in any case.</summary>
    private static readonly TimeSpan LeastPatience = TimeSpan.FromSeconds(1);

    private readonly InsideApplicationOptions _options;
    private readonly ReadinessOptions? _ready;
    private readonly Dictionary<string, string> _environment;
    private readonly IApplicationOutput? _output;
    private readonly ChildReaper _children;
    private readonly InsideContext _context;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly ApplicationUser? _user;
    private readonly Leftovers _leftovers;
    private readonly TaskCompletionSource<int> _stopRequested = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _killing = new();
    private readonly Lock _gate = new();
    private ApplicationStatus _status;
    private long _stopSince;
    private double _cpuSeconds;
    private ITimer? _killTimer;

    /// <param name="options">What is started.</param>
    /// <param name="ready">What tells that it serves; null when it does so from its start.</param>
    /// <param name="environment">Variables that it gets beside those of this process, or in their place.</param>
    /// <param name="output">Reads what it writes; null when it writes where this process does.</param>
    /// <param name="children">Waits for it.</param>
    /// <param name="context">What is shared.</param>
    /// <exception cref="ApplicationUserException">There is no such user.</exception>
    public Supervisor(
        InsideApplicationOptions options,
        ReadinessOptions? ready,
        IReadOnlyDictionary<string, string> environment,
        IApplicationOutput? output,
        ChildReaper children,
        InsideContext context)
    {
        (_options, _ready, _children, _context, _time) = (options, ready, children, context, context.Time);
        _output = output is { IsWanted: true } ? output : null;
        _logger = context.Loggers.CreateLogger<Supervisor>();
        _leftovers = new Leftovers(_logger, _time);
        if (options.User is { } name)
            _user = FindUser(name);
        _environment = EnvironmentOf(environment);
        _status = new ApplicationStatus(ApplicationState.Down, null, _time.GetTimestamp(), 0, null);
        _ = new ApplicationInstruments(context.Meter, this);
    }

    /// <summary>What the application is doing.</summary>
    public ApplicationStatus Status => Volatile.Read(ref _status);

    /// <summary>Completes with the signal when the application was told to end, or would have been: connections can be drained.</summary>
    public Task<int> StopRequested => _stopRequested.Task;

    /// <summary>Processor time of all runs.</summary>
    public double CpuSeconds
    {
        get
        {
            lock (_gate)
                return _cpuSeconds + (_status.Pid is { } pid ? ProcessTable.Find(pid)?.CpuSeconds ?? 0 : 0);
        }
    }

    /// <summary>Runs the application until it has ended for good.</summary>
    /// <param name="onReady">Awaited each time that it begins to serve.</param>
    /// <param name="onDown">Awaited each time that it has ended after it served.</param>
    /// <param name="cancellationToken">As SIGTERM.</param>
    /// <returns>Its exit code, as a shell tells it.</returns>
    public async Task<int> RunAsync(Func<Task> onReady, Func<Task> onDown, CancellationToken cancellationToken)
    {
        await using var cancelled = cancellationToken.Register(() => Take(SignalName.Term));
        var delays = new RestartDelay(_options.RestartDelay);
        if (_children.TakesOrphans)
            _leftovers.LeaveWhatIsThere();
        try
        {
            while (true)
            {
                var started = _time.GetTimestamp();
                var (code, isFinal) = await RunOnceAsync(onReady, onDown);
                if (isFinal || _stopping.IsCancellationRequested || !IsRestarted(code))
                {
                    // First: nobody is to hear meanwhile that it will be started again.
                    BecomeExited();
                    await EndLeftoversAsync(isLast: true);
                    return code;
                }

                await EndLeftoversAsync(isLast: false);
                if (!await WaitForRestartAsync(delays.After(_time.GetElapsedTime(started))))
                    return code;
            }
        }
        finally
        {
            BecomeExited();
        }
    }

    /// <summary>Takes a signal of this process.</summary>
    public void Take(int signal)
    {
        lock (_gate)
        {
            if (!InsideSignals.IsEnd(signal))
            {
                if (_status.Pid is { } pid && _children.Signal(pid, signal))
                    SupervisorLog.PassedOn(_logger, SignalName.Of(signal));
                return;
            }

            if (_stopRequested.TrySetResult(signal))
                Stop(signal);
            else if (_time.GetElapsedTime(_stopSince) >= Echo)
                Kill($"{SignalName.Of(signal)} came once more");
        }
    }

    /// <summary>Ends what still runs, at once.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        lock (_gate)
            Kill("the program ends");
        if (_killTimer is { } timer)
            await timer.DisposeAsync();
    }

    private void Stop(int signal)
    {
        _stopSince = _time.GetTimestamp();

        // Not by Cancel: what waits for it would go on right here, within the lock.
        _ = _stopping.CancelAsync();
        if (_status.Pid is not { } pid)
        {
            SupervisorLog.StoppedWithout(_logger, SignalName.Of(signal));
            return;
        }

        Become(ApplicationState.Stopping, pid);
        SupervisorLog.Stopping(_logger, SignalName.Of(signal), _context.Options.StopTimeout);
        _children.Signal(pid, signal);
        KillLater($"it has not ended within {_context.Options.StopTimeout} of {SignalName.Of(signal)} (Enclave:StopTimeout)");
    }

    private void KillLater(string reason)
    {
        _killTimer?.Dispose();
        _killTimer = _time.CreateTimer(
            _ =>
            {
                lock (_gate)
                    Kill(reason);
            },
            state: null,
            _context.Options.StopTimeout,
            Timeout.InfiniteTimeSpan);
    }

    private void Kill(string reason)
    {
        if (_stopping.IsCancellationRequested)
            _ = _killing.CancelAsync();
        if (_status.Pid is { } pid && _children.Signal(pid, SignalName.Kill))
            SupervisorLog.Killed(_logger, reason);
    }

    /// <summary>One run; its exit code, and whether another would come to the same.</summary>
    private async Task<(int Code, bool IsFinal)> RunOnceAsync(Func<Task> onReady, Func<Task> onDown)
    {
        Task<ChildExit>? exit;
        var started = _time.GetTimestamp();
        try
        {
            exit = Start();
        }
        catch (ApplicationStartException ex)
        {
            SupervisorLog.NotStarted(_logger, _options.Command[0], ex.Message);
            return (ex.ExitCode, ex.IsPermanent);
        }

        if (exit is null)
            return (_stopRequested.Task.IsCompleted ? 128 + _stopRequested.Task.Result : 0, true);
        ReadinessResult readiness;
        try
        {
            readiness = await WaitUntilReadyAsync(exit, started);
            if (readiness == ReadinessResult.Ready)
                await onReady();
        }
        catch
        {
            await AbandonAsync(exit, started);
            throw;
        }

        // What was ended because it never served has failed, whatever it says itself, and whatever it was ended by.
        var end = await exit;
        var code = readiness == ReadinessResult.TimedOut ? 1 : end.ExitCode;
        await TakeEndAsync(end, started, IsRestarted(code));
        if (readiness == ReadinessResult.Ready)
            await onDown();
        return (code, false);
    }

    /// <summary>Ends an application whose way in cannot be opened: nobody else would, once the failure has ended the program.</summary>
    private async Task AbandonAsync(Task<ChildExit> exit, long started)
    {
        lock (_gate)
        {
            if (!_stopping.IsCancellationRequested && _status.Pid is { } pid)
            {
                Become(ApplicationState.Stopping, pid);
                _children.Signal(pid, SignalName.Term);
                KillLater($"it has not ended within {_context.Options.StopTimeout} of SIGTERM (Enclave:StopTimeout)");
            }
        }

        await TakeEndAsync(await exit, started, isRestarted: false);
        await EndLeftoversAsync(isLast: true);
    }

    private async Task TakeEndAsync(ChildExit end, long started, bool isRestarted)
    {
        var ran = _time.GetElapsedTime(started);
        lock (_gate)
        {
            _killTimer?.Dispose();
            _cpuSeconds += end.CpuSeconds;
            Volatile.Write(ref _status, Status with { LastExit = end });
            Become(
                _stopping.IsCancellationRequested ? ApplicationState.Stopping
                : isRestarted ? ApplicationState.Down
                : ApplicationState.Exited,
                null);
        }

        // Its last words come before the line that it has ended.
        if (_output is not null)
            await _output.DrainAsync();
        var isFailure = end.ExitCode != 0 && !_stopping.IsCancellationRequested;
        SupervisorLog.Ended(_logger, isFailure ? LogLevel.Error : LogLevel.Information, ran, end);
    }

    private Task<ChildExit>? Start()
    {
        // What SIGTERM ends at once must not be started after it.
        lock (_gate)
        {
            if (_stopping.IsCancellationRequested)
                return null;
            var file = ProgramFile.Find(_options.Command[0], _environment.GetValueOrDefault("PATH"));
            using var output = _output is null ? null : OutputPipe.Create();
            using var error = _output is null ? null : OutputPipe.Create();
            var user = Credentials.EffectiveUser == 0 ? _user : null;
            if (user is not null)
            {
                output?.GiveTo(user);
                error?.GiveTo(user);
            }

            var pid = _children.Start(
                () => Spawn.Start(file, _options.Command, _environment, user, output?.Write, error?.Write), out var exit);
            _output?.Read(output!.TakeRead(), error!.TakeRead());
            Become(ApplicationState.Starting, pid);
            SupervisorLog.Started(_logger, file, pid, _user?.Name ?? "unchanged");
            return exit;
        }
    }

    private async Task<ReadinessResult> WaitUntilReadyAsync(Task<ChildExit> exit, long started)
    {
        if (_ready is null)
            return BecomeReady(started, "it was started");
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        using var deadline = new CancellationTokenSource(_options.ReadyTimeout, _time);
        using var asking = CancellationTokenSource.CreateLinkedTokenSource(over.Token, deadline.Token);
        var readiness = new Readiness(_ready, _context.Dialer, _context.Options.ConnectTimeout, _time);
        var ready = readiness.WaitAsync(asking.Token);
        await Task.WhenAny(ready, exit);
        await over.CancelAsync();
        await ready.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (ready.IsCompletedSuccessfully && !exit.IsCompleted)
            return BecomeReady(started, _ready.ToString());
        if (!ready.IsCanceled && ready.Exception is { } fault)
            throw fault.InnerException!;
        if (!deadline.IsCancellationRequested || exit.IsCompleted)
            return ReadinessResult.Ended;
        SupervisorLog.NotReady(_logger, _options.ReadyTimeout, _ready.ToString(), readiness.LastFailure);
        lock (_gate)
        {
            if (_stopping.IsCancellationRequested || _status.Pid is not { } pid)
                return ReadinessResult.Ended;
            _children.Signal(pid, SignalName.Term);
            KillLater($"it has not ended within {_context.Options.StopTimeout} of SIGTERM (Enclave:StopTimeout)");
        }

        return ReadinessResult.TimedOut;
    }

    private ReadinessResult BecomeReady(long started, string sign)
    {
        lock (_gate)
        {
            if (_stopping.IsCancellationRequested || _status.Pid is null)
                return ReadinessResult.Ended;
            Become(ApplicationState.Ready, _status.Pid);
        }

        SupervisorLog.Ready(_logger, _time.GetElapsedTime(started), sign);
        return ReadinessResult.Ready;
    }

    private bool IsRestarted(int code) =>
        _options.Restart == RestartPolicy.Always || (_options.Restart == RestartPolicy.OnFailure && code != 0);

    /// <summary>False when the program was told to end meanwhile.</summary>
    private async Task<bool> WaitForRestartAsync(TimeSpan delay)
    {
        lock (_gate)
            Volatile.Write(ref _status, Status with { Restarts = Status.Restarts + 1 });
        SupervisorLog.Restarting(_logger, delay, Status.Restarts, _options.Restart);
        await Task.Delay(delay, _time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !_stopping.IsCancellationRequested;
    }

    private async Task EndLeftoversAsync(bool isLast)
    {
        // The end of PID 1 is the end of all, at once and without a race.
        if (!_children.TakesOrphans || (isLast && ChildReaper.IsInit))
            return;
        var patience = _context.Options.StopTimeout;
        if (_stopping.IsCancellationRequested)
            patience -= _time.GetElapsedTime(_stopSince);
        await _leftovers.EndAsync(patience > LeastPatience ? patience : LeastPatience, _killing.Token);
    }

    private void BecomeExited()
    {
        lock (_gate)
        {
            if (_status.State != ApplicationState.Exited)
                Become(ApplicationState.Exited, null);
        }
    }

    private void Become(ApplicationState state, int? pid) =>
        Volatile.Write(ref _status, Status with { State = state, Pid = pid, Since = _time.GetTimestamp() });

    private static ApplicationUser FindUser(string name)
    {
        var user = ApplicationUser.Find(name);
        return Credentials.EffectiveUser == 0 || Credentials.EffectiveUser == user.Uid
            ? user
            : throw new ApplicationUserException(
                $"the application is to run as {user.Name} (Enclave:Application:User), and only root may start it as somebody else: "
                    + "start the program as root, or leave the setting out");
    }

    private Dictionary<string, string> EnvironmentOf(IReadOnlyDictionary<string, string> own)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
            all[(string)variable.Key] = (string?)variable.Value ?? "";
        foreach (var (name, value) in (_user?.Environment ?? []).Concat(own))
            all[name] = value;
        return all;
    }
}
