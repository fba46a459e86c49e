using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using ParentProxy.Sockets.Passing;

namespace ParentProxy.Hosting;

/// <summary>
/// Replaces this process by a fresh one without systemd, on SIGUSR2: starts the program once more, from the file that is there by now,
/// with the listening sockets of this process. When that one serves it ends this one with SIGTERM, which finishes what it has. When it
/// does not come up, nothing has changed.
/// </summary>
internal sealed partial class Succession : IDisposable
{
    /// <summary>Names the descriptors of the listening sockets, separated by colons, for the next process.</summary>
    public const string ListenersVariable = "PARENTPROXY_LISTENERS";

    /// <summary>Names the process that is to end when the next one serves.</summary>
    public const string PredecessorVariable = "PARENTPROXY_PREDECESSOR";

    private const PosixSignal UserSignal2 = (PosixSignal)12;
    private const int Terminate = 15;

    private static readonly string? Predecessor = TakePredecessor();

    // Asked for at once: when the file has been replaced, the kernel's answer is no path any more.
    private readonly string? _program = Environment.ProcessPath;
    private readonly Lock _gate = new();
    private readonly bool _isUnderSystemd;
    private readonly ILogger _logger;
    private readonly PosixSignalRegistration _registration;
    private Process? _next;

    /// <summary>Listens for the signal.</summary>
    /// <param name="isUnderSystemd">Whether systemd runs this: it would not know the next process.</param>
    /// <param name="logger">The log.</param>
    public Succession(bool isUnderSystemd, ILogger logger)
    {
        _isUnderSystemd = isUnderSystemd;
        _logger = logger;
        _registration = PosixSignalRegistration.Create(UserSignal2, OnSignal);
    }

    /// <summary>Whether the next process runs, which has the sockets.</summary>
    public bool HasNext
    {
        get
        {
            lock (_gate)
                return _next is { HasExited: false };
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
                passed.Add(new PassedListener(number, endPoint, PassedListener.NameOf(endPoint), IsOurs: true));
        }

        forget(ListenersVariable);
        return passed;
    }

    /// <summary>This process serves: the one before it may end.</summary>
    public static void EndPredecessor()
    {
        // Only the one that has started us: a number in an environment may be anybody's.
        if (int.TryParse(Predecessor, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number == ParentId())
            _ = Kill(number, Terminate);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _registration.Dispose();
        _next?.Dispose();
    }

    private static string? TakePredecessor()
    {
        var value = Environment.GetEnvironmentVariable(PredecessorVariable);
        Environment.SetEnvironmentVariable(PredecessorVariable, null);
        return value;
    }

    private void OnSignal(PosixSignalContext context)
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
            _next.EnableRaisingEvents = true;
            _next.Exited += OnExited;
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
        if (sender is Process process)
            HostingLog.SuccessionFailed(_logger, $"process {process.Id} ended with exit code {process.ExitCode}; it has said why");
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int ParentId();
}
