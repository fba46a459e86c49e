using ParentProxy.Inside.Application;

namespace ParentProxy.Inside;

/// <summary>
/// The signals of the process from its first moment to its last: nobody may end it before the application has been told, or before its
/// last lines are sent. What comes before there is somebody to take it is kept, if it is a wish to end.
/// </summary>
internal sealed class InsideSignals : IDisposable
{
    private readonly Lock _gate = new();
    private readonly ApplicationSignals _signals;
    private readonly TaskCompletionSource _hurry = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Action<int>? _take;
    private int? _kept;
    private bool _isOver;

    /// <summary>Takes signals from now on.</summary>
    public InsideSignals() => _signals = new ApplicationSignals(Take);

    /// <summary>Completes with a wish to end that comes when all has ended but for what is still to be sent.</summary>
    public Task Hurry => _hurry.Task;

    /// <summary>Whether a signal asks for the end.</summary>
    public static bool IsEnd(int signal) => signal is SignalName.Term or SignalName.Int or SignalName.Quit;

    /// <summary>Hands signals on from now on, with the one that was kept.</summary>
    public void HandTo(Action<int> take)
    {
        int? kept;
        lock (_gate)
            (_take, kept, _kept) = (take, _kept, null);
        if (kept is { } signal)
            take(signal);
    }

    /// <summary>Hands nothing on any more: the end has begun.</summary>
    public void Over()
    {
        lock (_gate)
            (_take, _isOver) = (null, true);
    }

    /// <inheritdoc/>
    public void Dispose() => _signals.Dispose();

    private void Take(int signal)
    {
        Action<int>? take;
        lock (_gate)
        {
            take = _take;
            if (take is null && IsEnd(signal) && !_isOver)
                _kept = signal;
            else if (_isOver && IsEnd(signal))
                _hurry.TrySetResult();
        }

        take?.Invoke(signal);
    }
}
