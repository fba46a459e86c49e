using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using ParentProxy.Sockets.Passing;

namespace ParentProxy.Hosting;

/// <summary>
/// Replaces this process by a fresh one without systemd, on SIGUSR2: starts the program once more, from the file that is there by now,
/// with the listening sockets of this process. When that one serves, it says so with SIGUSR1, and this one finishes what it has and ends.
/// When it does not come up, nothing has changed.
/// </summary>
internal sealed partial class Succession : IDisposable
{
    /// <summary>Names the descriptors of the listening sockets, separated by colons, for the next process.</summary>
    public const string ListenersVariable = "PASSED_TO_PARENT_PROXY";

    /// <summary>Names the process that is to end when the next one serves.</summary>
    public const string PredecessorVariable = "PASSED_BY_PARENT_PROXY";

    private const int UserSignal1 = 10;
    private const int UserSignal2 = 12;

    private static string? _predecessor;

    // Asked for at once: when the file has been replaced, the kernel's answer is no path any more.
    private readonly string? _program = Program();
    private readonly Lock _gate = new();
    private readonly bool _isUnderSystemd;
    private readonly ILogger _logger;
    private readonly Action _onSucceeded;
    private readonly PosixSignalRegistration[] _registrations;
    private Process? _next;
    private bool _isSucceeded;

    /// <summary>Listens for the signals.</summary>
    /// <param name="isUnderSystemd">Whether systemd runs this: it would not know the next process.</param>
    /// <param name="onSucceeded">Runs when the next process serves.</param>
    /// <param name="logger">The log.</param>
    public Succession(bool isUnderSystemd, Action onSucceeded, ILogger logger)
    {
        _isUnderSystemd = isUnderSystemd;
        _onSucceeded = onSucceeded;
        _logger = logger;
        _registrations =
        [
            PosixSignalRegistration.Create((PosixSignal)UserSignal2, OnStart),
            PosixSignalRegistration.Create((PosixSignal)UserSignal1, OnServing),
        ];
    }

    /// <summary>
    /// This process stops. A next one that does not serve yet is ended: who stopped this one does not want it.
    /// </summary>
    /// <returns>Whether the next process serves, and has the sockets.</returns>
    public bool Stop()
    {
        lock (_gate)
        {
            if (_isSucceeded || _next is null)
                return _isSucceeded;
            _next.Exited -= OnExited;
            if (!_next.HasExited)
            {
                _next.Kill();
                _next.WaitForExit();
            }

            _next = null;
            return false;
        }
    }

    /// <summary>The sockets that the process before this one has handed over.</summary>
    /// <param name="environment">Reads a variable of the environment.</param>
    /// <param name="forget">Removes one.</param>
    public static IReadOnlyList<PassedListener> Take(Func<string, string?> environment, Action<string> forget)
    {
        var passed = new List<PassedListener>();
        foreach (var text in environment(ListenersVariable)?.Split(':') ?? [])
        {
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                continue;
            DescriptorCalls.KeepToOurselves(number);
            if (DescriptorCalls.BoundTo(number) is { } endPoint)
                passed.Add(new PassedListener(number, endPoint, PassedListener.NameOf(endPoint), IsOurs: true) { IsLent = true });
        }

        _predecessor = environment(PredecessorVariable);
        forget(ListenersVariable);
        forget(PredecessorVariable);
        return passed;
    }

    /// <summary>This process serves: the one before it may end.</summary>
    public static void EndPredecessor()
    {
        ListenerStore.OfProcess.Own();

        // Only the one that has started us: a number in an environment may be anybody's.
        if (int.TryParse(_predecessor, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number == ParentId())
            _ = Kill(number, UserSignal1);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Array.ForEach(_registrations, registration => registration.Dispose());
        _next?.Dispose();
    }

    /// <summary>As it was called, so that a link to a version is followed anew.</summary>
    private static string? Program()
    {
        var called = Environment.GetCommandLineArgs()[0];
        return called.Contains('/', StringComparison.Ordinal) && !called.EndsWith(".dll", StringComparison.Ordinal)
            ? Path.GetFullPath(called)
            : Environment.ProcessPath;
    }

    private void OnServing(PosixSignalContext context)
    {
        context.Cancel = true;
        lock (_gate)
        {
            if (_next is not { HasExited: false })
                return;
            _isSucceeded = true;
        }

        _onSucceeded();
    }

    private void OnStart(PosixSignalContext context)
    {
        context.Cancel = true;
        if (_isUnderSystemd)
        {
            HostingLog.NoSuccessionUnderSystemd(_logger);
            return;
        }

        lock (_gate)
        {
            if (_next is { HasExited: false })
            {
                HostingLog.SuccessionUnderWay(_logger, _next.Id);
                return;
            }

            try
            {
                _next = Start();
            }
            catch (Exception ex) when (ex is Win32Exception or InvalidOperationException)
            {
                HostingLog.SuccessionFailed(_logger, $"{_program} cannot be started: {ex.Message}");
                return;
            }

            HostingLog.SuccessionBegun(_logger, _next.Id);
            _next.Exited += OnExited;
            _next.EnableRaisingEvents = true;
        }
    }

    private Process Start()
    {
        var arguments = Environment.GetCommandLineArgs();

        // The runtime's own program is given the assembly first.
        var isHosted = Path.GetFileNameWithoutExtension(_program) == "dotnet";
        var start = new ProcessStartInfo(_program ?? arguments[0], isHosted ? arguments : arguments[1..]) { UseShellExecute = false };
        return ListenerStore.OfProcess.Lend(descriptors =>
        {
            start.Environment[ListenersVariable] = string.Join(':', descriptors);
            start.Environment[PredecessorVariable] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
            return Process.Start(start) ?? throw new InvalidOperationException("there is no process");
        });
    }

    private void OnExited(object? sender, EventArgs e)
    {
        lock (_gate)
        {
            if (_isSucceeded)
                return;
        }

        if (sender is Process process)
            HostingLog.SuccessionFailed(_logger, $"process {process.Id} ended with exit code {process.ExitCode}; it has said why");
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int ParentId();
}
