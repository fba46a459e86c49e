using System.Runtime.InteropServices;

namespace ParentProxy.Hosting;

/// <summary>SIGTERM, SIGINT and SIGQUIT: the first asks for an orderly stop, the second ends at once.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly TaskCompletionSource<PosixSignal> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration[] _registrations;
    private readonly Action<PosixSignal> _onSecond;

    /// <summary>Listens for the signals.</summary>
    /// <param name="onSecond">Runs on the second one.</param>
    /// <param name="includeHangUp">Whether SIGHUP ends the program, too: where there is nothing to reload.</param>
    public StopSignals(Action<PosixSignal> onSecond, bool includeHangUp = false)
    {
        _onSecond = onSecond;
        PosixSignal[] signals = [PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT, .. includeHangUp ? [PosixSignal.SIGHUP] : (PosixSignal[])[]];
        _registrations = [.. signals.Select(s => PosixSignalRegistration.Create(s, OnSignal))];
    }

    /// <summary>Completes with the first signal.</summary>
    public Task<PosixSignal> Requested => _first.Task;

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_registrations, r => r.Dispose());

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (!_first.TrySetResult(context.Signal))
            _onSecond(context.Signal);
    }
}
