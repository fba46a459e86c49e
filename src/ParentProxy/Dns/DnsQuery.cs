using System.Buffers.Binary;

namespace ParentProxy.Dns;

/// <summary>A question as it was asked, and the answers that are made here for it.</summary>
internal sealed class DnsQuery
{
    /// <summary>What an answer over UDP may be where the question does not say (RFC 1035 §4.2.1).</summary>
    public const int PlainUdpBytes = 512;

    /// <summary>What we say that we take over UDP: no network has to cut it.</summary>
    public const int OurUdpBytes = 1232;

    private const ushort EdnsErrorOption = 15;
    private const ushort DnssecOk = 0x8000;

    // Options that are about this one exchange, and change nothing in an answer: COOKIE, keepalive, padding.
    private static readonly ushort[] OptionsWithoutEffect = [10, 11, 12];

    private readonly int _questionEnd;

    private DnsQuery(ReadOnlyMemory<byte> bytes, int questionEnd, DnsResponseCode problem)
    {
        Bytes = bytes;
        _questionEnd = questionEnd;
        Problem = problem;
        Name = ".";
    }

    /// <summary>The whole message as it came.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>How it has to be answered since it cannot be understood; <see cref="DnsResponseCode.NoError"/> when it can.</summary>
    public DnsResponseCode Problem { get; private set; }

    /// <summary>The name that is asked for, as <see cref="DnsName"/> writes it.</summary>
    public string Name { get; private set; }

    /// <summary>The type that is asked for.</summary>
    public ushort Type => QuestionField(4);

    /// <summary>The class that is asked for.</summary>
    public ushort Class => QuestionField(2);

    /// <summary>Whether that is no type of data, but of what is done with messages or the server (RFC 6895 §3.1).</summary>
    public bool IsMeta => Type is 0 or DnsType.Opt or >= DnsType.FirstMeta and <= DnsType.Any;

    /// <summary>Whether it speaks EDNS, and so must the answer.</summary>
    public bool HasOpt { get; private set; }

    /// <summary>How large an answer over UDP may be.</summary>
    public int UdpBytes { get; private set; } = PlainUdpBytes;

    /// <summary>Whether DNSSEC's records are wanted.</summary>
    public bool WantsDnssec { get; private set; }

    /// <summary>Whether every resolver would answer it alike whoever asks.</summary>
    public bool IsOrdinary { get; private set; } = true;

    /// <summary>What the bits of the header say.</summary>
    public DnsFlags Flags => (DnsFlags)BinaryPrimitives.ReadUInt16BigEndian(Bytes.Span[2..]);

    /// <summary>The question as it was asked, in its upper and lower case.</summary>
    public ReadOnlySpan<byte> Question => Bytes.Span[DnsMessage.HeaderBytes.._questionEnd];

    /// <summary>Reads a question. Null when it is none and is not to be answered: an answer, or less than a header.</summary>
    public static DnsQuery? Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length < DnsMessage.HeaderBytes || (bytes.Span[2] & 0x80) != 0)
            return null;
        var span = bytes.Span;
        var questionEnd = DnsMessage.HeaderBytes;
        string? name = null;
        var hasQuestion = BinaryPrimitives.ReadUInt16BigEndian(span[4..]) == 1
            && DnsName.TryRead(span, ref questionEnd, out name)
            && (questionEnd += 4) <= span.Length;
        var query = new DnsQuery(bytes, hasQuestion ? questionEnd : DnsMessage.HeaderBytes, DnsResponseCode.FormErr);
        if (!hasQuestion)
            return query;
        query.Name = name!;

        // No answer, the SOA record of IXFR, an OPT and a TSIG record: who sends more does not have it walked.
        if ((query.Flags & DnsFlags.Opcode) != 0)
            query.Problem = DnsResponseCode.NotImp;
        else if (span[6..DnsMessage.HeaderBytes] is [0, 0, 0, <= 1, 0, <= 2] && DnsMessage.TryRead(bytes, out var message))
            query.Problem = query.Understand(message);
        return query;
    }

    /// <summary>Asks for the records of a type, recursively, without EDNS. Null when the name is none.</summary>
    public static DnsQuery? For(string name, ushort type)
    {
        var bytes = new byte[DnsMessage.HeaderBytes + DnsName.MaxBytes + 4];
        if (!DnsName.TryWrite(name, bytes.AsSpan(DnsMessage.HeaderBytes, DnsName.MaxBytes), out var length))
            return null;
        bytes[2] = (byte)((int)DnsFlags.RecursionDesired >> 8);
        bytes[5] = 1;
        var at = DnsMessage.HeaderBytes + length;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(at), type);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(at + 2), DnsClass.In);
        return Read(bytes.AsMemory(0, at + 4));
    }

    /// <summary>Whether a message answers this question, in whatever case; its id is not looked at.</summary>
    public bool IsAnsweredBy(DnsMessage message)
    {
        if ((message.Flags & DnsFlags.Response) == 0 || message.Questions != 1 || message.QuestionEnd != _questionEnd)
            return false;
        var at = DnsMessage.HeaderBytes;
        return DnsName.TryRead(message.Bytes.Span, ref at, out var name)
            && name == Name
            && message.Bytes.Span[at.._questionEnd].SequenceEqual(Question[^4..]);
    }

    /// <summary>An answer without records, made here.</summary>
    /// <param name="code">How it ends.</param>
    /// <param name="error">Why, where the question speaks EDNS.</param>
    public byte[] Answer(DnsResponseCode code, ExtendedDnsError? error = null) => Answer(code, [], error);

    /// <summary>What RFC 8482 has said to who asks for whatever there is.</summary>
    public byte[] AnswerAny() => Answer(
        DnsResponseCode.NoError,
        [0xC0, DnsMessage.HeaderBytes, 0, (byte)DnsType.Hinfo, 0, 1, 0, 0, 14, 16, 0, 9, 7, .. "RFC8482"u8, 0],
        error: null);

    /// <summary>An OPT record of ours; empty when the question has none.</summary>
    /// <param name="code">How the answer ends.</param>
    /// <param name="error">Why; null to say nothing.</param>
    public byte[] Opt(DnsResponseCode code, ExtendedDnsError? error)
    {
        if (!HasOpt)
            return [];
        var text = error is { } given ? System.Text.Encoding.UTF8.GetBytes(given.Text) : [];
        var data = error is null ? 0 : 6 + text.Length;
        var opt = new byte[1 + DnsRecord.FixedBytes + data];
        var span = opt.AsSpan(1);
        BinaryPrimitives.WriteUInt16BigEndian(span, DnsType.Opt);
        BinaryPrimitives.WriteUInt16BigEndian(span[2..], OurUdpBytes);
        span[4] = (byte)((int)code >> 4);
        BinaryPrimitives.WriteUInt16BigEndian(span[6..], WantsDnssec ? DnssecOk : (ushort)0);
        BinaryPrimitives.WriteUInt16BigEndian(span[8..], (ushort)data);
        if (error is { } said)
        {
            span = span[DnsRecord.FixedBytes..];
            BinaryPrimitives.WriteUInt16BigEndian(span, EdnsErrorOption);
            BinaryPrimitives.WriteUInt16BigEndian(span[2..], (ushort)(2 + text.Length));
            BinaryPrimitives.WriteUInt16BigEndian(span[4..], said.InfoCode);
            text.CopyTo(span[6..]);
        }

        return opt;
    }

    private byte[] Answer(DnsResponseCode code, ReadOnlySpan<byte> record, ExtendedDnsError? error)
    {
        byte[] answer = [.. Bytes.Span[..DnsMessage.HeaderBytes], .. Question, .. record, .. Opt(code, error)];
        const DnsFlags kept = DnsFlags.Opcode | DnsFlags.RecursionDesired | DnsFlags.CheckingDisabled;
        var flags = Flags & kept | DnsFlags.Response | DnsFlags.RecursionAvailable | (DnsFlags)code & DnsFlags.ResponseCode;
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(2), (ushort)flags);
        ReadOnlySpan<byte> counts =
            [0, (byte)(Question.IsEmpty ? 0 : 1), 0, (byte)(record.IsEmpty ? 0 : 1), 0, 0, 0, (byte)(HasOpt ? 1 : 0)];
        counts.CopyTo(answer.AsSpan(4));
        return answer;
    }

    private DnsResponseCode Understand(DnsMessage message)
    {
        if (message.Records.Length == 0)
            return DnsResponseCode.NoError;

        // IXFR alone has more than an OPT record (RFC 1995 §3), and is refused by its type.
        if (message.Records is not [{ Section: DnsSection.Additional, Type: DnsType.Opt } opt] || message.NameOf(opt) != ".")
            return IsMeta ? DnsResponseCode.Refused : DnsResponseCode.FormErr;
        HasOpt = true;
        UdpBytes = Math.Max(PlainUdpBytes, (int)BinaryPrimitives.ReadUInt16BigEndian(Bytes.Span[opt.ClassAt..]));
        WantsDnssec = (opt.Ttl & DnssecOk) != 0;
        for (var data = message.DataOf(opt); data.Length > 0;)
        {
            if (data.Length < 4 || data.Length < 4 + BinaryPrimitives.ReadUInt16BigEndian(data[2..]))
                return DnsResponseCode.FormErr;
            IsOrdinary &= OptionsWithoutEffect.Contains(BinaryPrimitives.ReadUInt16BigEndian(data));
            data = data[(4 + BinaryPrimitives.ReadUInt16BigEndian(data[2..]))..];
        }

        return (opt.Ttl >> 16 & 0xFF) == 0 ? DnsResponseCode.NoError : DnsResponseCode.BadVers;
    }

    private ushort QuestionField(int beforeEnd) =>
        Question.IsEmpty ? (ushort)0 : BinaryPrimitives.ReadUInt16BigEndian(Question[^beforeEnd..]);
}
