using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using ParentProxy.Dns;
using ParentProxy.Egress.Policy;
using ParentProxy.Endpoints;

namespace ParentProxy.Egress.Lookups;

/// <summary>
/// Answers the questions of enclaves for names that they may know. Only by the resolvers: what <c>/etc/hosts</c> of the parent says is
/// no business of an enclave's. Addresses in answers are not looked at: an enclave cannot dial them, and when it asks for a connection
/// the address is judged that is dialled.
/// </summary>
/// <param name="cache">What is remembered, and the resolvers behind it.</param>
/// <param name="judge">Whether an enclave may know a name.</param>
/// <param name="refused">Told of every name that it may not.</param>
/// <param name="requestTimeout">How long a framed stream may be open without a question; at least three seconds are taken.</param>
/// <param name="counts">What is counted.</param>
/// <param name="clock">The clock of time-outs and gaps.</param>
/// <param name="logger">Where faults and hints go.</param>
/// <param name="unread">How many bytes of answers may wait for enclaves that do not read them.</param>
internal sealed class DnsService(
    DnsCache cache,
    Func<EgressPeer, HostName, EgressVerdict> judge,
    Action<EgressPeer, string, EgressVerdict> refused,
    Func<TimeSpan> requestTimeout,
    DnsCounts counts,
    TimeProvider clock,
    ILogger<DnsService> logger,
    DnsQuota? unread = null) : IEgressService
{
    /// <summary>RFC 8914 §4: other, filtered, not supported, no reachable authority, network error.</summary>
    private const ushort Other = 0;
    private const ushort Filtered = 17;
    private const ushort NotSupported = 21;
    private const ushort NoReachableAuthority = 22;
    private const ushort NetworkError = 23;

    /// <summary>What a datagram between two sockets of an enclave bears for sure, whatever its asker says that it takes.</summary>
    private const int MaxDatagramBytes = 4096;

    private const string Root = ".";

    /// <summary>In the place of labels that no host has: never longer than they are, and what no rule names by itself.</summary>
    private const string SomeLabel = "_";

    private const int MaxErrorText = 160;
    private const int MaxHints = 4096;

    private readonly ConcurrentDictionary<(string Peer, string Hint), bool> _given = new();

    /// <summary>Five streams full of the longest answers: an enclave that reads what it asks for never has as many wait.</summary>
    private readonly DnsQuota _unread = unread ?? new DnsQuota(each: 32 * 1024 * 1024, all: 128 * 1024 * 1024);

    private readonly Occasionally _failures = new(TimeSpan.FromMinutes(1), clock);

    /// <inheritdoc/>
    public async Task ServeAsync(EgressConnection connection, CancellationToken cut)
    {
        using var stream = new DnsStream(this, connection, requestTimeout(), counts, clock);
        await stream.RunAsync(cut).ConfigureAwait(false);
    }

    /// <summary>The answer to a question, in the size that its stream bears, and how many of its bytes are kept for the enclave.</summary>
    public async ValueTask<(byte[] Answer, int Kept)> AnswerAsync(
        EgressConnection connection, DnsQuery query, StreamFraming framing, CancellationToken cancellationToken)
    {
        byte[] answer;
        DnsResult result;
        try
        {
            (answer, result) = await AnswerAsync(connection.Peer, query, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception ex) when (ex is not OperationCanceledException)
        {
            DnsServiceLog.Fault(logger, connection.Peer, connection.Listener, ex);
            (answer, result) = (query.Answer(DnsResponseCode.ServFail), DnsResult.ServFail);
        }

        var limit = framing == StreamFraming.Framed ? DnsMessage.MaxBytes : Math.Min(query.UdpBytes, MaxDatagramBytes);
        if (answer.Length > limit)
        {
            counts.WasTruncated();
            if (MayHint(connection.Peer, nameof(DnsServiceLog.Truncated)))
                DnsServiceLog.Truncated(logger, connection.Peer, connection.Listener, query.Name, answer.Length, limit);
            answer = DnsAnswer.Truncate(answer, limit);
        }

        var kept = answer.Length;
        if (!_unread.TryEnter(connection.Peer.Key, kept))
        {
            if (MayHint(connection.Peer, nameof(DnsServiceLog.Unread)))
                DnsServiceLog.Unread(logger, connection.Peer, connection.Listener, _unread.Each, _unread.All);
            answer = query.Answer(DnsResponseCode.ServFail, new ExtendedDnsError(Other, "busy: too many answers wait to be read"));
            (result, kept) = (DnsResult.ServFail, 0);
        }

        counts.Count(result, framing);
        return (answer, kept);
    }

    /// <summary>So many bytes of answers are kept no more: they were sent, or nobody is there for them.</summary>
    public void IsSent(EgressConnection connection, int kept)
    {
        if (kept > 0)
            _unread.Leave(connection.Peer.Key, kept);
    }

    /// <summary>A stream has no lengths.</summary>
    public void IsBare(EgressConnection connection)
    {
        if (MayHint(connection.Peer, nameof(DnsServiceLog.Bare)))
            DnsServiceLog.Bare(logger, connection.Peer, connection.Listener);
    }

    /// <summary>A stream has something that is no message.</summary>
    public void IsLost(EgressConnection connection)
    {
        if (MayHint(connection.Peer, nameof(DnsServiceLog.Lost)))
            DnsServiceLog.Lost(logger, connection.Peer, connection.Listener);
    }

    private async ValueTask<(byte[] Answer, DnsResult Result)> AnswerAsync(
        EgressPeer peer, DnsQuery query, CancellationToken cancellationToken)
    {
        if (query.Problem != DnsResponseCode.NoError)
        {
            var isMalformed = query.Problem == DnsResponseCode.FormErr;
            return (query.Answer(query.Problem), isMalformed ? DnsResult.FormErr : DnsResult.Refused);
        }

        if (query.Class != DnsClass.In)
            return NotAnswered(query, "only class IN is answered here");

        // NXDOMAIN, which is final to every resolver: of other refusals they ask again, for up to five seconds. But of the root it would
        // say that there are no names at all.
        var verdict = Judge(peer, query.Name);
        if (!verdict.IsAllowed)
        {
            refused(peer, query.Name, verdict);
            var text = verdict.Reason is { Length: > MaxErrorText } long_ ? long_[..MaxErrorText] : verdict.Reason ?? "not allowed";
            var code = query.Name == Root ? DnsResponseCode.Refused : DnsResponseCode.NxDomain;
            return (query.Answer(code, new ExtendedDnsError(Filtered, text)), DnsResult.Denied);
        }

        if (query.Type == DnsType.Any)
            return (query.AnswerAny(), DnsResult.Refused);
        if (query.IsMeta)
            return NotAnswered(query, "transfers and other meta types are not answered here");
        return Passed(peer, query, await cache.AskAsync(query, cancellationToken, peer.Key).ConfigureAwait(false));
    }

    /// <summary>
    /// Judges a name. One that is no host's is judged as any name below what of it is: so a rule for all names, or for all below one,
    /// is for it too, and one that refuses them refuses it.
    /// </summary>
    private EgressVerdict Judge(EgressPeer peer, string asked)
    {
        if (HostName.TryParse(asked, out var name, out var reason))
            return judge(peer, name);

        // What is escaped divides no labels.
        var rest = asked.Replace(@"\\", "!", StringComparison.Ordinal).Replace(@"\.", "!", StringComparison.Ordinal);
        do
        {
            var dot = rest.IndexOf('.', StringComparison.Ordinal);
            rest = dot < 0 ? "" : rest[(dot + 1)..];
        }
        while (!HostName.TryParse(rest.Length > 0 ? $"{SomeLabel}.{rest}" : SomeLabel, out name, out _));
        var verdict = judge(peer, name);
        return verdict.IsAllowed ? verdict : new EgressVerdict(IsAllowed: false, EgressCounts.NoRule, $"it is no name of a host: {reason}");
    }

    private static (byte[] Answer, DnsResult Result) NotAnswered(DnsQuery query, string why) =>
        (query.Answer(DnsResponseCode.Refused, new ExtendedDnsError(NotSupported, why)), DnsResult.Refused);

    private (byte[] Answer, DnsResult Result) Passed(EgressPeer peer, DnsQuery query, DnsReply reply)
    {
        var result = (reply.Source, reply.Code) switch
        {
            (DnsReplySource.Stale, _) => DnsResult.Stale,
            (DnsReplySource.Memory, "OK" or "NXDOMAIN") => DnsResult.Cached,
            (_, "OK") => DnsResult.Answered,
            (_, "NXDOMAIN") => DnsResult.NxDomain,
            (_, UpstreamResult.Busy) => DnsResult.ServFail,
            _ when reply.Message is null => DnsResult.Timeout,
            _ => DnsResult.ServFail,
        };
        var isFailure = result is DnsResult.Stale or DnsResult.Timeout or DnsResult.ServFail;
        if (isFailure && _failures.MaySay(peer.Key, out var unsaid))
        {
            var answered = result == DnsResult.Stale ? "what one said before" : reply.Message is null ? "SERVFAIL" : "the same";
            DnsServiceLog.ResolversFail(logger, peer, query.Name, reply.Code, reply.Report, answered, unsaid);
        }

        if (reply.Message is { } message)
            return (message, result);
        var error = reply.Code switch
        {
            "timeout" => new ExtendedDnsError(NoReachableAuthority, "no resolver of the parent answers"),
            UpstreamResult.Busy => new ExtendedDnsError(Other, "busy: too many questions are open"),
            _ => new ExtendedDnsError(NetworkError, $"no resolver of the parent can be asked: {reply.Code}"),
        };
        return (query.Answer(DnsResponseCode.ServFail, error), result);
    }

    private bool MayHint(EgressPeer peer, string hint) => _given.Count < MaxHints && _given.TryAdd((peer.ToString(), hint), true);
}
