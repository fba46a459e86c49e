namespace ParentProxy.Dns;

/// <summary>
/// Answers of resolvers, remembered for their time to live, and for a day more in case no resolver knows (RFC 8767). Equal questions
/// of the same moment are asked once.
/// </summary>
/// <param name="upstream">The resolvers, or who asks them.</param>
/// <param name="capacity">How many answers are remembered at most, those that were wanted last; 0 for none.</param>
/// <param name="clock">The clock of the times to live.</param>
/// <param name="quota">How many questions of enclaves may be open.</param>
internal sealed class DnsCache(IDnsUpstream upstream, Func<int> capacity, TimeProvider clock, DnsQuota? quota = null)
{
    // A second at least: one look-up of glibc may ask the same three times.
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    // RFC 8767 §5: for how long, how soon the resolvers are tried again, and what the asker is told.
    private static readonly TimeSpan StaleFor = TimeSpan.FromDays(1);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(30);
    private const uint StaleTtl = 30;
    private const ushort StaleAnswer = 3;
    private const ushort StaleNxDomain = 19;

    /// <summary>Longer answers are rare, and would let few names fill the memory.</summary>
    private const int MaxBytes = 4096;

    private readonly DnsQuota _quota = quota ?? DnsQuota.OfQuestions();
    private readonly Lock _lock = new();
    private readonly Dictionary<Key, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _recent = [];
    private readonly Dictionary<Key, Task<Refreshed>> _asked = [];

    private UpstreamResult Exceeded => new(
        null, UpstreamResult.Busy, $"nobody was asked, as {_quota.Each} questions of this enclave are open, or {_quota.All} of all");

    /// <summary>How many answers are remembered.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _entries.Count;
        }
    }

    /// <summary>Answers a question that can be understood, from memory or by the resolvers, within the time that those take.</summary>
    /// <param name="query">The question.</param>
    /// <param name="cancellationToken">Ends the wait, though not the asking, which takes its part of the quota to its end.</param>
    /// <param name="enclave">Whose quota it is of when memory does not have it, by its key; null: this program asks.</param>
    /// <param name="mayJoin">
    /// Whether to wait for what is being asked already is free: for tunnels, which have a limit of their own, and of which hundreds may
    /// want one name at the same moment.
    /// </param>
    public async ValueTask<DnsReply> AskAsync(
        DnsQuery query, CancellationToken cancellationToken, string? enclave = null, bool mayJoin = false)
    {
        if (!query.IsOrdinary)
        {
            if (!_quota.TryEnter(enclave))
                return Passed(query, Exceeded);
            var asking = upstream.AskAsync(query);
            _quota.LeaveAfter(asking, enclave);
            return Passed(query, await asking.WaitAsync(cancellationToken).ConfigureAwait(false));
        }

        const DnsFlags relevant = DnsFlags.RecursionDesired | DnsFlags.CheckingDisabled | DnsFlags.AuthenticData;
        var key = new Key(query.Name, query.Type, query.Class, query.Flags & relevant, query.WantsDnssec);
        Task<Refreshed>? refresh;
        var isFirst = false;
        lock (_lock)
        {
            var now = clock.GetTimestamp();
            var entry = Find(key, now);
            if (entry is not null && clock.GetElapsedTime(entry.Received, now) < entry.Lifetime)
                return Remembered(query, entry);
            if (entry?.Failed is { } failed && clock.GetElapsedTime(failed, now) < RetryAfter)
                return Stale(query, entry, entry.Report);
            if (_asked.TryGetValue(key, out refresh) && mayJoin)
                enclave = null;
            if (!_quota.TryEnter(enclave))
                return entry is null ? Passed(query, Exceeded) : Stale(query, entry, Exceeded.Report);
            if (refresh is null)
            {
                isFirst = true;
                _asked[key] = refresh = RefreshAsync(key, query);
            }
        }

        _quota.LeaveAfter(refresh, enclave);
        var (result, stale) = await refresh.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (stale is not null)
            return Stale(query, stale, result.Report);
        return isFirst || result.Answer is null || !CanRecall(result.Answer)
            ? Passed(query, result)
            : new DnsReply(
                DnsAnswer.Recall(result.Answer, query, age: 0, ttl: null, error: null), DnsReplySource.Memory, result.Code, result.Report);
    }

    private static DnsReply Passed(DnsQuery query, UpstreamResult result) => new(
        result.Answer is null ? null : DnsAnswer.Address(result.Answer, query), DnsReplySource.Resolver, result.Code, result.Report);

    private static DnsReply Stale(DnsQuery query, Entry entry, string report)
    {
        var error = entry.Answer.ResponseCode == DnsResponseCode.NxDomain
            ? new ExtendedDnsError(StaleNxDomain, "not asked for anew; this name did not exist")
            : new ExtendedDnsError(StaleAnswer, "not asked for anew; this is what a resolver said before");
        return new DnsReply(
            DnsAnswer.Recall(entry.Answer, query, age: 0, StaleTtl, error), DnsReplySource.Stale, entry.Code, report);
    }

    // A record behind the OPT record could refer to names by their place.
    private static bool CanRecall(DnsMessage answer) => answer.Opt is null || answer.Opt.Value.End == answer.Bytes.Length;

    private DnsReply Remembered(DnsQuery query, Entry entry)
    {
        var age = (uint)clock.GetElapsedTime(entry.Received).TotalSeconds;
        var message = DnsAnswer.Recall(entry.Answer, query, age, ttl: null, error: null);
        return new DnsReply(message, DnsReplySource.Memory, entry.Code, $"{entry.Report}, remembered for {age} s");
    }

    private async Task<Refreshed> RefreshAsync(Key key, DnsQuery query)
    {
        await Task.Yield(); // The caller notes first, under its lock, that this is under way.
        UpstreamResult? result = null;
        try
        {
            result = await upstream.AskAsync(query).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                _asked.Remove(key);
                if (result is { IsKnown: true })
                    Remember(key, result);
            }
        }

        lock (_lock)
        {
            var stale = result.IsKnown ? null : Find(key, clock.GetTimestamp());
            if (stale is not null && result.Code != UpstreamResult.Busy)
                (stale.Failed, stale.Report) = (clock.GetTimestamp(), result.Report);
            return new Refreshed(result, stale);
        }
    }

    private void Remember(Key key, UpstreamResult result)
    {
        Forget(key);
        var most = capacity();
        if (most <= 0 || result.Answer is not { } answer || answer.Lifetime is not { } seconds
            || answer.Bytes.Length > MaxBytes || !CanRecall(answer))
            return;
        var lifetime = TimeSpan.FromSeconds(Math.Clamp(seconds, Shortest.TotalSeconds, Longest.TotalSeconds));
        _entries[key] = _recent.AddFirst(new Entry(key, answer, lifetime, clock.GetTimestamp(), result.Code) { Report = result.Report });
        while (_entries.Count > most)
            Forget(_recent.Last!.Value.Key);
    }

    private Entry? Find(Key key, long now)
    {
        if (!_entries.TryGetValue(key, out var node))
            return null;
        if (clock.GetElapsedTime(node.Value.Received, now) >= node.Value.Lifetime + StaleFor)
        {
            Forget(key);
            return null;
        }

        _recent.Remove(node);
        _recent.AddFirst(node);
        return node.Value;
    }

    private void Forget(Key key)
    {
        if (_entries.Remove(key, out var node))
            _recent.Remove(node);
    }

    /// <summary>What makes two questions one: the name in lower case, and what changes the answer.</summary>
    private readonly record struct Key(string Name, ushort Type, ushort Class, DnsFlags Flags, bool WantsDnssec);

    /// <param name="Result">What the resolvers said.</param>
    /// <param name="Stale">What is remembered from before; null when they knew, or nothing is.</param>
    private sealed record Refreshed(UpstreamResult Result, Entry? Stale);

    private sealed class Entry(Key key, DnsMessage answer, TimeSpan lifetime, long received, string code)
    {
        public Key Key => key;

        public DnsMessage Answer => answer;

        public TimeSpan Lifetime => lifetime;

        public long Received => received;

        public string Code => code;

        /// <summary>When the resolvers were last asked in vain; null: never since.</summary>
        public long? Failed { get; set; }

        public required string Report { get; set; }
    }
}
