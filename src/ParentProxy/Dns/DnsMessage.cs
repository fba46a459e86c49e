using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace ParentProxy.Dns;

/// <summary>A message that was walked to its end: every name, every length, every count.</summary>
internal sealed class DnsMessage
{
    /// <summary>Id, flags, and how many questions and records of each section there are.</summary>
    public const int HeaderBytes = 12;

    /// <summary>The largest message: its length stands in two bytes before it (RFC 1035 §4.2.2).</summary>
    public const int MaxBytes = ushort.MaxValue;

    private readonly DnsRecord[] _records;
    private readonly int _opt;

    private DnsMessage(ReadOnlyMemory<byte> bytes, int questions, int questionEnd, DnsRecord[] records)
    {
        Bytes = bytes;
        Questions = questions;
        QuestionEnd = questionEnd;
        _records = records;
        _opt = Array.FindIndex(records, static record => record.Type == DnsType.Opt);
    }

    /// <summary>The message, without what followed it.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>What ties an answer to its question.</summary>
    public ushort Id => BinaryPrimitives.ReadUInt16BigEndian(Bytes.Span);

    /// <summary>What the bits of the header say.</summary>
    public DnsFlags Flags => (DnsFlags)BinaryPrimitives.ReadUInt16BigEndian(Bytes.Span[2..]);

    /// <summary>How many questions there are.</summary>
    public int Questions { get; }

    /// <summary>Where what follows the questions begins.</summary>
    public int QuestionEnd { get; }

    /// <summary>The records of all sections.</summary>
    public ReadOnlySpan<DnsRecord> Records => _records;

    /// <summary>The first OPT record: EDNS is spoken; null when there is none.</summary>
    public DnsRecord? Opt => _opt < 0 ? null : _records[_opt];

    /// <summary>How it ended, the part in the OPT record included.</summary>
    public DnsResponseCode ResponseCode =>
        (DnsResponseCode)((int)(Flags & DnsFlags.ResponseCode) | (Opt is { } opt ? (int)(opt.Ttl >> 24) << 4 : 0));

    /// <summary>
    /// The seconds for which it may be remembered, by the least of its records; of an answer that there is nothing by what the SOA record
    /// says too (RFC 2308 §5). Null when it may not be remembered at all: it is cut short, a failure, or a "no" without SOA.
    /// </summary>
    public uint? Lifetime
    {
        get
        {
            if (ResponseCode is not (DnsResponseCode.NoError or DnsResponseCode.NxDomain) || (Flags & DnsFlags.Truncated) != 0)
                return null;
            var least = uint.MaxValue;
            var isAnswered = false;
            var hasSoa = false;
            foreach (var record in _records)
            {
                if (record.Type == DnsType.Opt)
                    continue;
                least = Math.Min(least, record.Lifetime);
                isAnswered |= record.Section == DnsSection.Answer && record.Type == QuestionType;

                // Two names, of a byte each at least, and five numbers, of which the last is meant.
                if (record is { Section: DnsSection.Authority, Type: DnsType.Soa } && record.End - record.DataAt >= 22)
                {
                    hasSoa = true;
                    least = Math.Min(least, BinaryPrimitives.ReadUInt32BigEndian(Bytes.Span[(record.End - 4)..]));
                }
            }

            return hasSoa || isAnswered && ResponseCode == DnsResponseCode.NoError ? least : null;
        }
    }

    private ushort QuestionType => Questions == 1 ? BinaryPrimitives.ReadUInt16BigEndian(Bytes.Span[(QuestionEnd - 4)..]) : (ushort)0;

    /// <summary>Walks the message at the front of some bytes.</summary>
    /// <param name="bytes">The message and what may follow.</param>
    /// <param name="message">The message; null when it is not complete.</param>
    public static DnsWalk Walk(ReadOnlyMemory<byte> bytes, out DnsMessage? message)
    {
        message = null;
        var span = bytes.Span;
        if (span.Length > MaxBytes)
            span = span[..MaxBytes];
        if (span.Length < HeaderBytes)
            return DnsWalk.Incomplete;

        var questions = BinaryPrimitives.ReadUInt16BigEndian(span[4..]);
        var at = HeaderBytes;
        for (var i = 0; i < questions; i++)
        {
            if (DnsName.Skip(span, ref at) is not DnsWalk.Complete and var walk)
                return walk;
            at += 4;
            if (at > span.Length)
                return DnsWalk.Incomplete;
        }

        var questionEnd = at;
        var records = new List<DnsRecord>();
        for (var section = DnsSection.Answer; section <= DnsSection.Additional; section++)
        {
            var count = BinaryPrimitives.ReadUInt16BigEndian(span[(6 + 2 * (int)section)..]);
            for (var i = 0; i < count; i++)
            {
                if (ReadRecord(span, section, ref at, out var record) is not DnsWalk.Complete and var walk)
                    return walk;
                records.Add(record);
            }
        }

        message = new DnsMessage(bytes[..at], questions, questionEnd, [.. records]);
        return DnsWalk.Complete;
    }

    /// <summary>Reads bytes that are one message and nothing else.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out DnsMessage? message)
    {
        if (Walk(bytes, out message) == DnsWalk.Complete && message!.Bytes.Length == bytes.Length)
            return true;
        message = null;
        return false;
    }

    /// <summary>The name of a record.</summary>
    public string NameOf(DnsRecord record)
    {
        var at = record.Start;
        return DnsName.TryRead(Bytes.Span, ref at, out var name) ? name : ".";
    }

    /// <summary>The name that is all of a record's data, as in a CNAME record; null when that is something else.</summary>
    public string? NameIn(DnsRecord record)
    {
        var at = record.DataAt;
        return DnsName.TryRead(Bytes.Span[..record.End], ref at, out var name) && at == record.End ? name : null;
    }

    /// <summary>The data of a record.</summary>
    public ReadOnlySpan<byte> DataOf(DnsRecord record) => Bytes.Span[record.DataAt..record.End];

    private static DnsWalk ReadRecord(ReadOnlySpan<byte> span, DnsSection section, ref int at, out DnsRecord record)
    {
        record = default;
        var start = at;
        if (DnsName.Skip(span, ref at) is not DnsWalk.Complete and var walk)
            return walk;
        if (at + DnsRecord.FixedBytes > span.Length)
            return DnsWalk.Incomplete;
        var end = at + DnsRecord.FixedBytes + BinaryPrimitives.ReadUInt16BigEndian(span[(at + 8)..]);
        if (end > span.Length)
            return end > MaxBytes ? DnsWalk.Malformed : DnsWalk.Incomplete;
        record = new DnsRecord(
            section,
            start,
            at,
            end,
            BinaryPrimitives.ReadUInt16BigEndian(span[at..]),
            BinaryPrimitives.ReadUInt32BigEndian(span[(at + 4)..]));
        at = end;
        return DnsWalk.Complete;
    }
}
