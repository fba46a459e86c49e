using System.Runtime.InteropServices;

namespace ParentProxy.Inside.Application;

/// <summary>Signals of this process that are the application's, also as PID 1, where one that nobody handles is ignored.</summary>
internal sealed class ApplicationSignals : IDisposable
{
    private static readonly int[] Signals =
    [
        SignalName.Term, SignalName.Int, SignalName.Quit, SignalName.Hup, SignalName.User1, SignalName.User2, SignalName.Continue,
        SignalName.WindowChange,
    ];

    private readonly PosixSignalRegistration[] _registrations;

    /// <summary>Takes the signals until it is disposed of.</summary>
    /// <param name="take">Gets each by its number, from the thread pool.</param>
    public ApplicationSignals(Action<int> take) => _registrations =
    [
        .. Signals.Select(signal => PosixSignalRegistration.Create(Portable(signal), context =>
        {
            context.Cancel = true;
            take(signal);
        })),
    ];

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_registrations, registration => registration.Dispose());

    /// <summary>The runtime's own numbers, where it has some; else the kernel's.</summary>
    private static PosixSignal Portable(int signal) => signal switch
    {
        SignalName.Term => PosixSignal.SIGTERM,
        SignalName.Int => PosixSignal.SIGINT,
        SignalName.Quit => PosixSignal.SIGQUIT,
        SignalName.Hup => PosixSignal.SIGHUP,
        SignalName.Continue => PosixSignal.SIGCONT,
        SignalName.WindowChange => PosixSignal.SIGWINCH,
        _ => (PosixSignal)signal,
    };
}
