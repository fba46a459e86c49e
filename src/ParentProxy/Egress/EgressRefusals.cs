using Microsoft.Extensions.Logging;
using ParentProxy.Telemetry.AccessLog;

namespace ParentProxy.Egress;

/// <summary>
/// Writes down what enclaves did not get: one line for each thing and enclave, at once, and once a minute how often it was asked for
/// again. Clients inside often try four times and show their users nothing of the answer, so that this is what tells.
/// </summary>
internal sealed class EgressRefusals : IDisposable
{
    /// <summary>How many things are remembered; over it the one that was asked for least recently is forgotten.</summary>
    private const int Remembered = 200;

    /// <summary>How many of one enclave, so that no other is forgotten for it.</summary>
    private const int RememberedOfOne = 50;

    /// <summary>
    /// Enclaves with a number of log lines of their own. Four run at once, but one that restarts may be another: over this the one that
    /// was refused something longest ago goes.
    /// </summary>
    private const int MaxShares = 64;

    private static readonly TimeSpan SayAgain = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Peer, string What, string Code), Entry> _entries = [];
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Dictionary<string, (RefusalLines Lines, long Used)> _lines = [];
    private readonly ITimer _timer;

    /// <summary>Nothing was refused yet.</summary>
    public EgressRefusals(TimeProvider time, ILogger logger)
    {
        _time = time;
        _logger = logger;
        _timer = time.CreateTimer(static state => ((EgressRefusals)state!).SayRepeats(), this, SayAgain, SayAgain);
    }

    /// <summary>What was refused last, the most recent first.</summary>
    public IReadOnlyList<EgressRefusal> Recent
    {
        get
        {
            lock (_gate)
                return [.. _entries.Values.Select(entry => entry.Refusal).OrderByDescending(refusal => refusal.Last)];
        }
    }

    /// <summary>An enclave did not get something.</summary>
    /// <param name="peer">Who asked.</param>
    /// <param name="listener">Where, as it is configured.</param>
    /// <param name="what">What for: a destination, a name, a file.</param>
    /// <param name="code">Why not, in one word: <c>denied</c>, an errno by name, <c>NXDOMAIN</c>, <c>timeout</c>.</param>
    /// <param name="reason">Why not, and what to do.</param>
    public void Add(EgressPeer peer, string listener, string what, string code, string reason)
    {
        var now = _time.GetUtcNow();
        lock (_gate)
        {
            var key = (peer.Key, what, code);
            if (_entries.TryGetValue(key, out var known) && now - known.Said < SayAgain)
            {
                known.Refusal = known.Refusal with { Reason = reason, Last = now, Count = known.Refusal.Count + 1 };
                known.Unsaid++;
                return;
            }

            var before = known?.Refusal;
            _entries[key] = new Entry(new EgressRefusal(
                peer, listener, what, code, reason, before?.First ?? now, now, (before?.Count ?? 0) + 1))
            { Said = now };
            Forget(_entries.Where(entry => entry.Key.Peer == peer.Key), RememberedOfOne, key);
            Forget(_entries, Remembered, key);
        }

        if (LinesOf(peer).TryTake())
            EgressLog.NotReached(_logger, peer, what, listener, code, reason);
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    /// <summary>Forgets one where there are more than may be, if there is one whose repeats were all said: else none is lost yet.</summary>
    private void Forget(
        IEnumerable<KeyValuePair<(string Peer, string What, string Code), Entry>> entries, int most, (string, string, string) justAdded)
    {
        List<KeyValuePair<(string Peer, string What, string Code), Entry>> all = [.. entries];
        if (all.Count <= most)
            return;
        var mayBeOver = all.Count <= 2 * most;
        if (all.Where(entry => entry.Key != justAdded && !(mayBeOver && entry.Value.Unsaid > 0)).ToList() is { Count: > 0 } said)
            _entries.Remove(said.MinBy(entry => entry.Value.Refusal.Last).Key);
    }

    private RefusalLines LinesOf(EgressPeer peer)
    {
        lock (_gate)
        {
            var now = _time.GetTimestamp();
            if (!_lines.TryGetValue(peer.Key, out var share))
            {
                if (_lines.Count >= MaxShares)
                    _lines.Remove(_lines.MinBy(one => one.Value.Used).Key);
                share = (new RefusalLines(_time, _logger), now);
            }

            _lines[peer.Key] = share with { Used = now };
            return share.Lines;
        }
    }

    private void SayRepeats()
    {
        List<(EgressRefusal Refusal, long Times)> repeats = [];
        lock (_gate)
        {
            foreach (var entry in _entries.Values.Where(entry => entry.Unsaid > 0))
            {
                repeats.Add((entry.Refusal, entry.Unsaid));
                (entry.Unsaid, entry.Said) = (0, _time.GetUtcNow());
            }
        }

        foreach (var (refusal, times) in repeats)
        {
            if (LinesOf(refusal.Peer).TryTake())
                EgressLog.NotReachedAgain(_logger, refusal.Peer, refusal.What, times, refusal.Code, refusal.Reason);
        }
    }

    private sealed class Entry(EgressRefusal refusal)
    {
        public EgressRefusal Refusal { get; set; } = refusal;

        public required DateTimeOffset Said { get; set; }

        public long Unsaid { get; set; }
    }
}
