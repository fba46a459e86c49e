using System.Runtime.InteropServices;

namespace ParentProxy.Inside.Logs;

/// <summary>
/// Writes lines to standard output from a thread of its own, which may wait there for ever: a console that nobody reads holds up nothing
/// but itself. Standard output stays blocking, since that setting would be the one of everybody who has the same terminal.
/// </summary>
/// <param name="queue">The lines.</param>
/// <param name="descriptor">Where to; another in tests.</param>
internal sealed unsafe partial class ConsoleLines(LineQueue queue, int descriptor = 1)
{
    private const int EINTR = 4;
    private const int EAGAIN = 11;
    private static readonly TimeSpan WhileFull = TimeSpan.FromMilliseconds(50);

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _isStarted;

    /// <summary>Completes when all is written and nothing more will come.</summary>
    public Task Ended => Volatile.Read(ref _isStarted) == 0 ? Task.CompletedTask : _ended.Task;

    /// <summary>Starts the thread, once.</summary>
    public void Start()
    {
        if (Interlocked.Exchange(ref _isStarted, 1) == 0)
            new Thread(Run) { Name = "console lines", IsBackground = true }.Start();
    }

    private void Run()
    {
        while (true)
        {
            if (queue.TryPeek(out var lines))
            {
                queue.Advance(Write(lines.Span));
                continue;
            }

            if (queue.IsComplete)
                break;
            queue.WaitAsync().GetAwaiter().GetResult();
        }

        _ended.SetResult();
    }

    /// <summary>How much is done with: all, when there is no standard output.</summary>
    private int Write(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            var count = (int)write(descriptor, start, (nuint)bytes.Length);
            if (count >= 0)
                return count;
        }

        switch (Marshal.GetLastPInvokeError())
        {
            case EINTR:
                return 0;
            case EAGAIN:
                // Somebody else has made it non-blocking.
                Thread.Sleep(WhileFull);
                return 0;
            default:
                return bytes.Length;
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int descriptor, byte* bytes, nuint count);
}
