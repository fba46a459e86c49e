using Microsoft.Extensions.Logging;

namespace ParentProxy.Ingress.Forwarding;

/// <summary>
/// Watches the time-outs of all attempts with one timer, so that no request and no read has one of its own. Looks every
/// 100 ms while there is any attempt, so much later at most a time-out fires.
/// </summary>
internal sealed class AttemptWatch : IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly List<Attempt> _looked = [];
    private Attempt? _first;
    private bool _isTicking;

    /// <summary>A watch with nothing to watch.</summary>
    public AttemptWatch(TimeProvider time, ILogger<AttemptWatch> logger)
    {
        _time = time;
        _logger = logger;
        _timer = time.CreateTimer(
            static state => ((AttemptWatch)state!).OnTick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Begins to watch an attempt.</summary>
    public void Add(Attempt attempt)
    {
        lock (_gate)
        {
            attempt.Next = _first;
            if (_first is not null)
                _first.Previous = attempt;
            _first = attempt;
            if (_isTicking)
                return;
            _isTicking = true;
            _timer.Change(Tick, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Stops watching an attempt, which is over.</summary>
    public void Remove(Attempt attempt)
    {
        lock (_gate)
        {
            if (attempt.Previous is { } previous)
                previous.Next = attempt.Next;
            else if (_first == attempt)
                _first = attempt.Next;
            if (attempt.Next is { } next)
                next.Previous = attempt.Previous;
            attempt.Previous = attempt.Next = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void OnTick()
    {
        lock (_gate)
        {
            for (var attempt = _first; attempt is not null; attempt = attempt.Next)
                _looked.Add(attempt);
        }

        // Outside the gate: what times out is cancelled, which runs the rest of its request.
        var now = _time.GetTimestamp();
        var isOutageUntold = false;
        foreach (var attempt in _looked)
        {
            attempt.Check(now);
            isOutageUntold |= attempt.Enclave.HasUntoldOutage;
        }

        if (isOutageUntold)
            HeldRequests.Tell(_looked, now, _time, _logger);
        _looked.Clear();
        lock (_gate)
        {
            _isTicking = _first is not null;
            if (_isTicking)
                _timer.Change(Tick, Timeout.InfiniteTimeSpan);
        }
    }
}
