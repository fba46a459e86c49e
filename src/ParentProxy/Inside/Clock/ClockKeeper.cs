using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Runtime;
using ParentProxy.Vsock;

namespace ParentProxy.Inside.Clock;

/// <summary>Keeps the clock of the enclave near to the parent's, as far as it is told to, and tells how far it is off.</summary>
internal sealed class ClockKeeper : IAsyncDisposable
{
    /// <summary>How soon a comparison is tried again that failed: at the start the parent may not be ready.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(10);

    /// <summary>How soon it is looked whether a step has brought the two together.</summary>
    private static readonly TimeSpan LookAfterStep = TimeSpan.FromSeconds(1);

    /// <summary>What the kernel makes a clock faster or slower: 1 in 2000.</summary>
    private const double SlewRate = 2000;

    private const double DaysOfYear = 365.25;
    private const double MinutesOfDay = 1440;

    private readonly InsideTimeOptions _options;
    private readonly IAdjustableClock _clock;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ParentClock _parent;
    private readonly ClockCounts _counts = new();
    private readonly BackgroundLoop _keeping;
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // What was said, so that only a change is.
    private bool _saidOffset;
    private bool _saidFailed;
    private bool _saidUnsynchronized;
    private bool _saidLarge;
    private bool _saidNotAdjusted;

    /// <summary>Makes it, for the kernel's clock; nothing is compared before <see cref="StartAsync"/>.</summary>
    public ClockKeeper(InsideTimeOptions options, InsideContext context)
        : this(options, context, new AdjustableKernelClock())
    {
    }

    /// <summary>Makes it for any clock.</summary>
    public ClockKeeper(InsideTimeOptions options, InsideContext context, IAdjustableClock clock)
    {
        _options = options;
        _clock = clock;
        _time = context.Time;
        _logger = context.Loggers.CreateLogger<ClockKeeper>();
        _parent = new ParentClock(options.To, context);
        _keeping = new BackgroundLoop(fault => ClockLog.Fault(_logger, fault));
        ClockInstruments.Add(context.Meter, _counts);
    }

    /// <summary>
    /// Compares now, and then at each interval; called once. Where the clock may be set, that is waited for, so that it does not jump under
    /// the application; a parent that is away holds nobody up for longer than a connection may take.
    /// </summary>
    public async Task StartAsync(TimeSpan patience)
    {
        _keeping.Start(KeepAsync);
        if (_options.Adjust == ClockAdjustment.Step)
            await _first.Task.WaitAsync(patience, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _keeping.DisposeAsync();

    private async Task KeepAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var pause = await CompareAsync(cancellationToken).ConfigureAwait(false);
            _first.TrySetResult();
            await Task.Delay(pause < _options.Interval ? pause : _options.Interval, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Compares once, and says when to do so again at the latest.</summary>
    private async Task<TimeSpan> CompareAsync(CancellationToken cancellationToken)
    {
        ClockSample sample;
        try
        {
            sample = await _parent.CompareAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException ex)
        {
            _counts.Count(ClockCheckResult.Failed);
            _counts.Offset = null;
            if (!_saidFailed)
                ClockLog.Failed(_logger, _options.To, ex.Message);
            (_saidFailed, _saidOffset) = (true, false);
            return RetryAfter;
        }

        _saidFailed = false;
        if (!sample.Parent.IsSynchronized)
        {
            _counts.Count(ClockCheckResult.Unsynchronized);
            _counts.Offset = null;
            if (!_saidUnsynchronized)
                ClockLog.Unsynchronized(_logger);
            (_saidUnsynchronized, _saidOffset) = (true, false);
            return _options.Interval;
        }

        _saidUnsynchronized = false;
        _counts.Count(ClockCheckResult.Compared);
        _counts.Offset = sample.Offset;
        if (!_saidOffset)
            ClockLog.Compared(_logger, Seconds(sample.Offset), Seconds(sample.Uncertainty), Seconds(sample.Parent.Error));
        _saidOffset = true;
        return Adjust(sample) ? LookAfterStep : _options.Interval;
    }

    /// <summary>Does what may be done about a difference. True when the clock was set.</summary>
    private bool Adjust(ClockSample sample)
    {
        var isLarge = sample.Offset.Duration() > _options.StepThreshold;
        if (isLarge && _options.Adjust == ClockAdjustment.Step)
        {
            if (!IsDone(_clock.Step(sample.Offset), sample))
                return false;
            _counts.CountStep();
            ClockLog.Stepped(_logger, Seconds(sample.Offset));
            return true;
        }

        // What the exchange itself may have added is no difference.
        if (_options.Adjust != ClockAdjustment.Observe && sample.Offset.Duration() > sample.Uncertainty
            && !IsDone(_clock.Slew(sample.Offset), sample))
            return false;
        if (isLarge && !_saidLarge)
            ClockLog.Large(_logger, Seconds(sample.Offset), Advice(sample.Offset));
        else if (!isLarge && _saidLarge)
            ClockLog.Small(_logger, Seconds(sample.Offset));
        _saidLarge = isLarge;
        return false;
    }

    private string Advice(TimeSpan offset)
    {
        if (_options.Adjust == ClockAdjustment.Observe)
            return "It is left as it is, as Enclave:Time:Adjust is Observe; Slew or Step would correct it";
        var days = offset.Duration().TotalDays * SlewRate;
        var lasts = days < DaysOfYear
            ? FormattableString.Invariant($"{TimeSpan.FromMinutes(Math.Ceiling(days * MinutesOfDay)):d' days, 'hh':'mm' hours'}")
            : FormattableString.Invariant($"{days / DaysOfYear:0} years");
        return $"To slew it takes {lasts}; with Enclave:Time:Adjust=Step it would be set at once";
    }

    private bool IsDone(Errno? failure, ClockSample sample)
    {
        if (failure is { } errno && !_saidNotAdjusted)
            ClockLog.NotAdjusted(_logger, Seconds(sample.Offset), "adjtimex", errno, errno.Description);
        _saidNotAdjusted = failure is not null;
        return failure is null;
    }

    private static double Seconds(TimeSpan span) => Math.Round(span.TotalSeconds, 6);
}
