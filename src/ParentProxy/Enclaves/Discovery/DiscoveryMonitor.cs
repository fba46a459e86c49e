using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Runtime;

namespace ParentProxy.Enclaves.Discovery;

/// <summary>
/// Calls nitro-cli again and again, one call at a time, and keeps what the rules make of it. What a failing, empty or
/// slow call does not tell stays known.
/// </summary>
/// <remarks>
/// What is known stands in the registry, changes under a lock of this class and is read as a snapshot: whoever puts it into
/// effect reads it then and never brings an older one back.
/// </remarks>
internal sealed class DiscoveryMonitor : IAsyncDisposable
{
    /// <summary>Between the starts of two calls at least, and from the end of one to the start of the next.</summary>
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(500);

    /// <summary>The same after a call that failed, for each of which nitro-cli leaves a file behind.</summary>
    private static readonly TimeSpan GapAfterFailure = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Calls on failed dials that brought no news, until only the interval counts: an enclave that stays away for hours
    /// must not keep nitro-cli running all the time.
    /// </summary>
    private const int EagerCalls = 60;

    /// <summary>How long the start of the program waits for the first call, whatever <c>Discovery:Timeout</c> says.</summary>
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly BackgroundLoop _loop;
    private readonly CancellationTokenSource _killing = new();
    private readonly TaskCompletionSource _firstCall = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WakeSignal _optionsChanged = new();
    private readonly EnclaveRegistry _registry;
    private readonly NitroCli _nitroCli;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly DiscoveryReporter _reporter;
    private DiscoveryOptions _options;
    private DiscoveryStatus _status = new(0, 0, null, null);
    private int _withoutNews;

    /// <summary>A monitor that does nothing yet.</summary>
    /// <param name="registry">Is told what is known; tells whether an enclave is reachable, and when a dial failed.</param>
    /// <param name="options">The settings at the start.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    public DiscoveryMonitor(EnclaveRegistry registry, DiscoveryOptions options, TimeProvider time, ILogger<DiscoveryMonitor> logger)
    {
        _registry = registry;
        _options = options;
        _time = time;
        _logger = logger;
        _reporter = new DiscoveryReporter(logger);
        _nitroCli = new NitroCli(time);
        _loop = new BackgroundLoop(ex => RuntimeLog.LoopFailed(logger, "discovery of enclaves", ex));
    }

    /// <summary>What is known now; nothing while discovery is off.</summary>
    public IReadOnlyList<KnownEnclave> Known => _registry.Known;

    /// <summary>How it is doing.</summary>
    public DiscoveryStatus Status => Volatile.Read(ref _status);

    /// <summary>Starts to call, if it is enabled.</summary>
    public void Start()
    {
        if (!_options.Enabled)
            _firstCall.TrySetResult();
        _loop.Start(RunAsync);
    }

    /// <summary>Waits until the first call has ended, well or not; a start does not wait for ever.</summary>
    public Task FirstCallAsync(CancellationToken cancellationToken) =>
        WakeSignal.WaitAsync(_firstCall.Task, LongestStart, _time, cancellationToken);

    /// <summary>Takes over other settings; what is known follows them before this returns, and takes effect with the next change.</summary>
    public void Apply(DiscoveryOptions options)
    {
        IReadOnlyList<DiscoveryEvent> events = [];
        lock (_gate)
        {
            var before = _options;
            Volatile.Write(ref _options, options);
            if (options.Enabled)
            {
                (_registry.Known, events) = DiscoveryRules.Apply(Known, options);
            }
            else if (before.Enabled)
            {
                var accepted = Known.Count(enclave => enclave.IsAccepted);
                _registry.Known = [];
                Volatile.Write(ref _status, Status with { Failure = null });
                DiscoveryLog.SwitchedOff(_logger, accepted);
            }
        }

        _reporter.Happened(events);
        _optionsChanged.Set();
    }

    /// <summary>Starts no further call. One that runs is left to end: to be killed may cost the enclave that it asks.</summary>
    public void StopCalling() => _loop.Stop();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _loop.Stop();
        await _killing.CancelAsync();
        await _loop.DisposeAsync();
        _killing.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            long? lastStart = null;
            var dialFailed = _registry.DialFailed.Next;
            while (true)
            {
                var changed = _optionsChanged.Next;
                var options = Volatile.Read(ref _options);
                if (!options.Enabled)
                {
                    _firstCall.TrySetResult();
                    await changed.WaitAsync(cancellationToken);
                    continue;
                }

                if (lastStart is { } start)
                    await WaitAsync(start, options.Interval, dialFailed, changed, cancellationToken);
                if (Volatile.Read(ref _options) is { Enabled: false })
                    continue;

                // Taken before the call: a dial that fails while it runs asks for the next one.
                dialFailed = _registry.DialFailed.Next;
                lastStart = _time.GetTimestamp();
                try
                {
                    await CallAsync(Volatile.Read(ref _options));
                }
                catch (Exception ex) when (!_killing.IsCancellationRequested)
                {
                    // Without this loop CIDs would be those of today for ever.
                    DiscoveryLog.Fault(_logger, ex);
                }

                _firstCall.TrySetResult();
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            _firstCall.TrySetResult();
        }
    }

    /// <summary>Waits for the time of the next call: the interval, a failed dial, or other settings.</summary>
    private async Task WaitAsync(long lastStart, TimeSpan interval, Task dialFailed, Task changed, CancellationToken cancellationToken)
    {
        await Task.Delay(Status.Failure is null ? Gap : GapAfterFailure, _time, cancellationToken);
        var left = interval - _time.GetElapsedTime(lastStart);
        if (left <= TimeSpan.Zero)
            return;

        var isEager = _withoutNews < EagerCalls;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var over = Task.Delay(left, _time, ended.Token);
        await (isEager ? Task.WhenAny(dialFailed, changed, over) : Task.WhenAny(changed, over));
        await ended.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        if (!dialFailed.IsCompleted)
            _withoutNews = 0;
    }

    private async Task CallAsync(DiscoveryOptions options)
    {
        var result = await _nitroCli.DescribeAsync(options.NitroCli, options.Timeout, _killing.Token);
        IReadOnlyList<DiscoveryEvent> events;
        int accepted;
        lock (_gate)
        {
            Volatile.Write(ref _status, Status.After(result, _time.GetUtcNow()));
            if (!_options.Enabled)
                return;
            (_registry.Known, events) = DiscoveryRules.Learn(Known, result, _options, IsReachable);
            accepted = Known.Count(enclave => enclave.IsAccepted);
        }

        _withoutNews = events.Count > 0 ? 0 : _withoutNews + 1;
        _registry.Refresh();
        _reporter.Called(options.NitroCli, result, accepted);
        _reporter.Happened(events);
    }

    // Before it is in the registry nobody can have dialled it.
    private bool IsReachable(string enclaveId)
    {
        var entries = _registry.All.Where(enclave => enclave.Instance == enclaveId).ToList();
        return entries.Count == 0 || entries.Exists(enclave => enclave.IsReachable);
    }
}
