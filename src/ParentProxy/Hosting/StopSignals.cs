using System.Runtime.InteropServices;

namespace ParentProxy.Hosting;

/// <summary>
/// SIGTERM, SIGINT and SIGQUIT: the first asks for an orderly stop, a second one ends at once. What comes of the same kind within
/// a second is the first one still: <c>timeout</c> signals its child and then its whole group, a terminal the group of a
/// program that passes the signal on, too.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private static readonly TimeSpan Echo = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource<PosixSignal> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly PosixSignalRegistration[] _registrations;
    private readonly Action<PosixSignal> _onSecond;
    private readonly TimeProvider _time;
    private long _since;

    /// <summary>Listens for the signals.</summary>
    /// <param name="onSecond">Runs on the second one.</param>
    /// <param name="time">The clock.</param>
    /// <param name="includeHangUp">Whether SIGHUP ends the program, too: where there is nothing to reload.</param>
    public StopSignals(Action<PosixSignal> onSecond, TimeProvider time, bool includeHangUp = false)
    {
        _onSecond = onSecond;
        _time = time;
        List<PosixSignal> signals = [PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT];
        if (includeHangUp)
            signals.Add(PosixSignal.SIGHUP);
        _registrations = [.. signals.Select(s => PosixSignalRegistration.Create(s, OnSignal))];
    }

    /// <summary>Completes with the first signal.</summary>
    public Task<PosixSignal> Requested => _first.Task;

    /// <summary>Takes a signal, as if it had been sent to the process.</summary>
    public void Take(PosixSignal signal)
    {
        lock (_gate)
        {
            var now = _time.GetTimestamp();
            if (_first.TrySetResult(signal))
            {
                _since = now;
                return;
            }

            if (signal == _first.Task.Result && _time.GetElapsedTime(_since, now) < Echo)
                return;
        }

        _onSecond(signal);
    }

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_registrations, r => r.Dispose());

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        Take(context.Signal);
    }
}
