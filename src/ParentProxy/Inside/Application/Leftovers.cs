using Microsoft.Extensions.Logging;

namespace ParentProxy.Inside.Application;

/// <summary>
/// What the application left running when it ended, and what the kernel has made children of this process. A next run would find them
/// on its port, and without them nothing of it outlives the program.
/// </summary>
/// <param name="logger">The log.</param>
/// <param name="time">The clock.</param>
internal sealed class Leftovers(ILogger logger, TimeProvider time)
{
    private const int MostNames = 5;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan LongestInterval = TimeSpan.FromMilliseconds(320);

    /// <summary>After SIGKILL only what the kernel holds is left, such as a write to a device that does not answer.</summary>
    private static readonly TimeSpan AfterKill = TimeSpan.FromSeconds(2);

    private HashSet<(int Pid, long Started)> _others = [];

    /// <summary>
    /// Leaves what descends from this process now: who started it has started that, too (<c>sidecar &amp; exec parent-proxy …</c>).
    /// </summary>
    public void LeaveWhatIsThere() => _others = [.. Find().Select(process => (process.Pid, process.Started))];

    /// <summary>Ends them: SIGTERM first, SIGKILL when the time is over.</summary>
    /// <param name="patience">The time.</param>
    /// <param name="now">Cuts it short.</param>
    public async Task EndAsync(TimeSpan patience, CancellationToken now)
    {
        var left = Find();
        if (left.Count == 0)
            return;
        SupervisorLog.LeftBehind(logger, left.Count, Names(left), patience);
        Signal(left, SignalName.Term);
        if (await WaitAsync(patience, now) is not { Count: > 0 } stubborn)
            return;
        SupervisorLog.LeftBehindKilled(logger, stubborn.Count, Names(stubborn));

        // One that is killed may have started another meanwhile.
        for (var killed = time.GetTimestamp(); stubborn.Count > 0 && time.GetElapsedTime(killed) < AfterKill; stubborn = Find())
        {
            Signal(stubborn, SignalName.Kill);
            await Task.Delay(Interval, time, CancellationToken.None);
        }
    }

    private List<ProcessEntry> Find() => ProcessTable.Descendants(Environment.ProcessId, _others);

    private static void Signal(List<ProcessEntry> processes, int signal) =>
        processes.ForEach(process => ChildReaper.SignalAny(process.Pid, signal));

    private static string Names(List<ProcessEntry> processes) =>
        string.Join(", ", processes.Take(MostNames).Select(process => process.Name)) + (processes.Count > MostNames ? ", …" : "");

    private async Task<List<ProcessEntry>> WaitAsync(TimeSpan patience, CancellationToken now)
    {
        var since = time.GetTimestamp();
        var left = Find();
        var interval = Interval;
        while (left.Count > 0 && time.GetElapsedTime(since) < patience && !now.IsCancellationRequested)
        {
            await Task.Delay(interval, time, now).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            left = Find();

            // Most end at once; on those that do not, the whole of /proc need not be read fifty times a second.
            if (interval < LongestInterval)
                interval *= 2;
        }

        return left;
    }
}
