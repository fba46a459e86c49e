namespace ParentProxy.Sockets;

/// <summary>
/// What keeps a listener from letting new clients in, for as long as it does. At a limit clients come and go, and each one
/// that leaves lets another in: the obstacle counts as gone only when nobody has met it for a while.
/// </summary>
/// <param name="isThere">Whether a client would meet it now.</param>
/// <param name="onMet">Runs when it appears.</param>
/// <param name="onGone">Runs when it is gone, with its text and how long it was there.</param>
/// <param name="time">The clock.</param>
internal sealed class Obstacle(Func<bool> isThere, Action onMet, Action<string, TimeSpan> onGone, TimeProvider time) : IDisposable
{
    /// <summary>Well above the longest pause between two tries to accept.</summary>
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(3);

    private readonly Lock _gate = new();
    private string? _text;
    private long _first;
    private long _last;
    private ITimer? _timer;
    private bool _isDisposed;

    /// <summary>What it is; null while there is none.</summary>
    public string? Text
    {
        get
        {
            lock (_gate)
                return _text;
        }
    }

    /// <summary>Notes that it was met, and what it is.</summary>
    public void Meet(string text)
    {
        bool isNew;
        lock (_gate)
        {
            if (_isDisposed)
                return;
            isNew = _text is null;
            _text = text;
            _last = time.GetTimestamp();
            if (isNew)
            {
                _first = _last;
                _timer ??= time.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                _timer.Change(Calm, Timeout.InfiniteTimeSpan);
            }
        }

        if (isNew)
            onMet();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            _timer?.Dispose();
        }
    }

    private void Look()
    {
        string text;
        TimeSpan lasted;
        lock (_gate)
        {
            if (_isDisposed || _text is null)
                return;
            if (isThere())
                _last = time.GetTimestamp();
            var left = Calm - time.GetElapsedTime(_last);
            if (left > TimeSpan.Zero)
            {
                _timer!.Change(left, Timeout.InfiniteTimeSpan);
                return;
            }

            text = _text;
            lasted = time.GetElapsedTime(_first, _last);
            _text = null;
        }

        onGone(text, lasted);
    }
}
