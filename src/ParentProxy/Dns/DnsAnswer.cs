using System.Buffers.Binary;

namespace ParentProxy.Dns;

/// <summary>What is done with a resolver's answer before an asker gets it.</summary>
internal static class DnsAnswer
{
    /// <summary>The answer as it came, as one to this question: by its id, and with the name in its upper and lower case.</summary>
    public static byte[] Address(DnsMessage answer, DnsQuery query)
    {
        var bytes = answer.Bytes.ToArray();
        query.Bytes.Span[..2].CopyTo(bytes);
        query.Question.CopyTo(bytes.AsSpan(DnsMessage.HeaderBytes));
        return bytes;
    }

    /// <summary>
    /// The answer as from memory: addressed, its times to live less its age, and with an OPT record of ours in the place of the
    /// resolver's, which belonged to another exchange.
    /// </summary>
    /// <param name="answer">The resolver's answer to an equal question; its OPT record, where it has one, is its last.</param>
    /// <param name="query">The question.</param>
    /// <param name="age">The seconds since it came.</param>
    /// <param name="ttl">The time to live of every record, in place of its own less the age; null: that.</param>
    /// <param name="error">What is said about it.</param>
    public static byte[] Recall(DnsMessage answer, DnsQuery query, uint age, uint? ttl, ExtendedDnsError? error)
    {
        var opt = query.Opt(answer.ResponseCode, error);
        byte[] bytes = [.. answer.Bytes.Span[..(answer.Opt?.Start ?? answer.Bytes.Length)], .. opt];
        query.Bytes.Span[..2].CopyTo(bytes);
        query.Question.CopyTo(bytes.AsSpan(DnsMessage.HeaderBytes));
        const DnsFlags asked = DnsFlags.RecursionDesired | DnsFlags.CheckingDisabled;
        var flags = answer.Flags & ~(asked | DnsFlags.Authoritative) | query.Flags & asked;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), (ushort)flags);
        var additional = 0;
        foreach (var record in answer.Records)
        {
            if (record.Type == DnsType.Opt)
                continue;
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(record.TtlAt), ttl ?? record.Lifetime - Math.Min(age, record.Lifetime));
            additional += record.Section == DnsSection.Additional ? 1 : 0;
        }

        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(10), (ushort)(additional + (opt.Length > 0 ? 1 : 0)));
        return bytes;
    }

    /// <summary>
    /// The answer in so many bytes: as many of its records from the front as fit, each whole, since old resolvers ask no more and make do
    /// with those; an OPT record always. That it was cut is said, unless nothing but additional records is missing (RFC 2181 §9).
    /// </summary>
    /// <param name="answer">One message.</param>
    /// <param name="limit">The most bytes; <see cref="DnsQuery.PlainUdpBytes"/> at least.</param>
    public static byte[] Truncate(byte[] answer, int limit)
    {
        if (answer.Length <= limit || !DnsMessage.TryRead(answer, out var message))
            return answer;
        var opt = message.Opt is { } record ? answer.AsSpan(record.Start, record.End - record.Start) : default;
        Span<int> counts = stackalloc int[3];
        var end = message.QuestionEnd;
        var isCut = false;
        var isFull = false;
        foreach (var next in message.Records)
        {
            isFull |= next.Type == DnsType.Opt || next.End + opt.Length > limit;
            if (isFull)
            {
                isCut |= next.Section != DnsSection.Additional;
                continue;
            }

            counts[(int)next.Section]++;
            end = next.End;
        }

        byte[] cut = [.. answer.AsSpan(0, end), .. opt];
        counts[(int)DnsSection.Additional] += opt.IsEmpty ? 0 : 1;
        for (var section = 0; section < counts.Length; section++)
            BinaryPrimitives.WriteUInt16BigEndian(cut.AsSpan(6 + 2 * section), (ushort)counts[section]);
        if (isCut)
            cut[2] |= (int)DnsFlags.Truncated >> 8;
        return cut;
    }
}
