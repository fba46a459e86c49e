using Microsoft.Extensions.Logging;
using ParentProxy.Dns;

namespace ParentProxy.Inside.Names;

/// <summary>Answers questions, whoever asks: from memory, or by the parent. Every question that is one gets an answer.</summary>
/// <param name="cache">What is remembered, and the parent behind it.</param>
/// <param name="counts">What is counted.</param>
/// <param name="clock">The clock of the lines in the log.</param>
/// <param name="logger">Where faults go, and names that nobody knows.</param>
internal sealed class NameAnswers(DnsCache cache, NameCounts counts, TimeProvider clock, ILogger logger)
{
    /// <summary>Extended errors (RFC 8914 §4): other, no reachable authority.</summary>
    private const ushort Other = 0;
    private const ushort NoReachableAuthority = 22;

    /// <summary>All programs inside are one asker: the limit is for all.</summary>
    private const string Asker = "";

    private readonly Occasional _failures = new(TimeSpan.FromMinutes(1), clock);

    /// <summary>The answer to a message; null for one that is no question, which is not to be answered.</summary>
    /// <param name="message">The message, which is kept.</param>
    /// <param name="limit">The most bytes of an answer to a question, which is cut to those.</param>
    public async ValueTask<byte[]?> AnswerAsync(byte[] message, Func<DnsQuery, int> limit)
    {
        if (DnsQuery.Read(message) is not { } query)
        {
            counts.Count(NameResult.Malformed);
            return null;
        }

        if (query.Problem != DnsResponseCode.NoError)
        {
            counts.Count(query.Problem == DnsResponseCode.FormErr ? NameResult.Malformed : NameResult.Refused);
            return query.Answer(query.Problem);
        }

        counts.Opened();
        var result = NameResult.ServFail;
        try
        {
            var reply = await cache.AskAsync(query, CancellationToken.None, Asker).ConfigureAwait(false);
            result = ResultOf(reply);
            if (result is NameResult.Stale or NameResult.ServFail or NameResult.Timeout && _failures.MaySay(out var unsaid))
            {
                var answered = result == NameResult.Stale ? "what was said before" : "SERVFAIL";
                NamesLog.NotKnown(logger, query.Name, reply.Code, reply.Report, answered, unsaid);
            }

            return DnsAnswer.Truncate(reply.Message ?? query.Answer(DnsResponseCode.ServFail, ErrorOf(reply)), limit(query));
        }
        catch (Exception ex)
        {
            NamesLog.Fault(logger, ex);
            return query.Answer(DnsResponseCode.ServFail);
        }
        finally
        {
            counts.Ended(result);
        }
    }

    /// <summary>A message that was no question was not looked into.</summary>
    public void Drop() => counts.Count(NameResult.Malformed);

    private static NameResult ResultOf(DnsReply reply) => (reply.Source, reply.Code) switch
    {
        (DnsReplySource.Stale, _) => NameResult.Stale,
        (DnsReplySource.Memory, "OK" or "NXDOMAIN") => NameResult.Cached,
        (_, "OK") => NameResult.Answered,
        (_, "NXDOMAIN") => NameResult.NxDomain,
        (_, "REFUSED" or "NOTIMP" or "BADVERS") => NameResult.Refused,
        (_, "FORMERR") => NameResult.Malformed,
        (_, "timeout") => NameResult.Timeout,
        _ => NameResult.ServFail,
    };

    private static ExtendedDnsError ErrorOf(DnsReply reply) => reply.Code == UpstreamResult.Busy
        ? new ExtendedDnsError(Other, "busy: too many questions are open")
        : new ExtendedDnsError(NoReachableAuthority, "the parent does not answer");
}
