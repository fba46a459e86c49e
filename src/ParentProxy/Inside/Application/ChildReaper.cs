using System.Runtime.InteropServices;

namespace ParentProxy.Inside.Application;

/// <summary>
/// Waits for the processes that this one started, and for those whose parent has ended: the kernel gives them to PID 1, or to the
/// next process above that asks for them, as this one does. Nothing else in the program may start processes.
/// </summary>
/// <remarks>
/// A thread that waits in the kernel, and not the signal SIGCHLD: it wakes for each child that ends, is never woken for nothing, and loses
/// none however many end at once. First it only looks (WNOWAIT), so that a process has its number for as long as it may be signalled.
/// </remarks>
internal sealed unsafe partial class ChildReaper : IDisposable
{
    private const int AnyChild = 0;
    private const int OneChild = 1;
    private const int NoHang = 1;
    private const int Exited = 4;
    private const int NoWait = 0x0100_0000;
    private const int CodeExited = 1;
    private const int ECHILD = 10;
    private const int SetChildSubreaper = 36;
    private const nint DefaultAction = 0;

    /// <summary>How often PID 1 looks for the first orphan: one whose parent was no child of ours. With a child it looks at once.</summary>
    private static readonly TimeSpan OrphanInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<int, TaskCompletionSource<ChildExit>> _started = [];
    private readonly AutoResetEvent _wake = new(initialState: false);
    private bool _isDisposed;

    private ChildReaper(bool takesOrphans) => TakesOrphans = takesOrphans;

    /// <summary>Whether it waits for every child of this process.</summary>
    public bool TakesOrphans { get; }

    /// <summary>Whether orphans come to this process because there is nobody above it.</summary>
    public static bool IsInit => Environment.ProcessId == 1;

    /// <summary>For the program as a whole: every child is waited for, and orphans come to it. Called once.</summary>
    public static ChildReaper ForProcess()
    {
        // The runtime takes SIGCHLD when a console is first used that is a terminal, and once only: so that is now, not after the start
        // of a child, which takes the signal back.
        _ = Console.Error;

        // Fails on no kernel that has vsock; if it did, orphans would go to the process above.
        _ = prctl(SetChildSubreaper, 1, 0, 0, 0);
        var reaper = new ChildReaper(takesOrphans: true);
        Run(reaper.ReapAll, "children");
        return reaper;
    }

    /// <summary>For a process that has other children, which others wait for: tests.</summary>
    public static ChildReaper ForOwnChildren() => new(takesOrphans: false);

    /// <param name="spawn">Starts it and returns its number. Nothing is waited for meanwhile, so it should not take long.</param>
    /// <param name="exit">Completes when it has ended.</param>
    /// <returns>The child's number.</returns>
    public int Start(Func<int> spawn, out Task<ChildExit> exit)
    {
        var ended = new TaskCompletionSource<ChildExit>(TaskCreationOptions.RunContinuationsAsynchronously);
        int pid;
        lock (_gate)
        {
            // As PID 1 the runtime's handler waits for every child itself, and its exit code is gone; and where who started this program
            // ignores the signal, the kernel keeps no exit code at all. Others, of ForOwnChildren, may need it.
            if (TakesOrphans)
                signal(SignalName.Child, DefaultAction);
            pid = spawn();
            _started.Add(pid, ended);
        }

        exit = ended.Task;
        if (TakesOrphans)
            _wake.Set();
        else
            Run(() => ReapOne(pid), "child");
        return pid;
    }

    /// <summary>Signals a child that was started here.</summary>
    /// <returns>False when it has ended.</returns>
    public bool Signal(int pid, int signal)
    {
        lock (_gate)
            return _started.ContainsKey(pid) && kill(pid, signal) == 0;
    }

    /// <summary>Signals any process; false when there is none of this number, or it is another user's.</summary>
    public static bool SignalAny(int pid, int signal) => kill(pid, signal) == 0;

    /// <inheritdoc/>
    public void Dispose()
    {
        // A thread that waits for a child does so until the end of the process.
        Volatile.Write(ref _isDisposed, true);
        _wake.Set();
    }

    private static void Run(Action work, string name) =>
        new Thread(() => work(), maxStackSize: 256 * 1024) { Name = name, IsBackground = true }.Start();

    private void ReapAll()
    {
        while (!Volatile.Read(ref _isDisposed))
        {
            SignalInfo info;
            if (waitid(AnyChild, 0, &info, Exited | NoWait) == 0)
                Reap(info);
            else if (Marshal.GetLastPInvokeError() == ECHILD && !GiveUp())
                _wake.WaitOne(IsInit ? OrphanInterval : Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>
    /// Tells of those that somebody else has waited for that they have ended: better without an exit code than never. False when there
    /// are none.
    /// </summary>
    private bool GiveUp()
    {
        List<TaskCompletionSource<ChildExit>> lost;
        lock (_gate)
        {
            // Within the lock, as one may have been started since.
            SignalInfo info;
            if (_started.Count == 0 || waitid(AnyChild, 0, &info, Exited | NoWait | NoHang) == 0)
                return false;
            lost = [.. _started.Values];
            _started.Clear();
        }

        lost.ForEach(ended => ended.SetResult(ChildExit.Unknown));
        return true;
    }

    private void ReapOne(int pid)
    {
        SignalInfo info;
        while (waitid(OneChild, pid, &info, Exited | NoWait) != 0)
        {
            if (Marshal.GetLastPInvokeError() != ECHILD)
                continue;
            lock (_gate)
            {
                if (_started.Remove(pid, out var lost))
                    lost.SetResult(ChildExit.Unknown);
            }

            return;
        }

        Reap(info);
    }

    private void Reap(SignalInfo looked)
    {
        TaskCompletionSource<ChildExit>? ended;
        var seconds = 0.0;
        lock (_gate)
        {
            // What has ended keeps its figures until it was waited for.
            if (_started.Remove(looked.Pid, out ended))
                seconds = ProcessTable.Find(looked.Pid)?.CpuSeconds ?? 0;
            SignalInfo info;
            _ = waitid(OneChild, looked.Pid, &info, Exited | NoHang);
        }

        ended?.SetResult(looked.Code == CodeExited
            ? new ChildExit(looked.Status, 0, seconds)
            : new ChildExit(0, looked.Status, seconds));
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitid(int kind, int id, SignalInfo* info, int options);

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);

    [LibraryImport("libc")]
    private static partial nint signal(int number, nint action);

    [LibraryImport("libc")]
    private static partial int prctl(int option, nint second, nint third, nint fourth, nint fifth);

    /// <summary>The kernel's <c>siginfo_t</c> of a child, on 64 bits.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct SignalInfo
    {
        [FieldOffset(8)]
        public int Code;

        [FieldOffset(16)]
        public int Pid;

        /// <summary>Exit code or signal.</summary>
        [FieldOffset(24)]
        public int Status;
    }
}
