using ParentProxy.Dns;

namespace ParentProxy.Egress.Lookups;

/// <summary>What is counted of questions of enclaves, for the metrics; any thread may count and read.</summary>
internal sealed class DnsCounts
{
    /// <summary>Every result, in the order of its number.</summary>
    public static readonly IReadOnlyList<DnsResult> Results = Enum.GetValues<DnsResult>();

    /// <summary>The framings that a question can have.</summary>
    public static readonly IReadOnlyList<StreamFraming> Framings = [StreamFraming.Framed, StreamFraming.Bare];

    private static readonly string[] ResultWords = [.. Results.Select(result => result.ToString().ToLowerInvariant())];
    private static readonly string[] FramingWords = [.. Enum.GetNames<StreamFraming>().Select(name => name.ToLowerInvariant())];

    private readonly long[] _questions = new long[Results.Count * FramingWords.Length];
    private readonly long[] _streams = new long[FramingWords.Length];
    private long _open;
    private long _idle;
    private long _truncated;

    /// <summary>Streams that are open.</summary>
    public long OpenStreams => Interlocked.Read(ref _open);

    /// <summary>Streams that were ended since nothing was asked on them any more.</summary>
    public long IdleStreams => Interlocked.Read(ref _idle);

    /// <summary>Answers that were cut, since a datagram had to hold them.</summary>
    public long Truncated => Interlocked.Read(ref _truncated);

    /// <summary>A result as a label.</summary>
    public static string Word(DnsResult result) => ResultWords[(int)result];

    /// <summary>A framing as a label.</summary>
    public static string Word(StreamFraming framing) => FramingWords[(int)framing];

    /// <summary>Questions that ended so, on streams of this framing.</summary>
    public long Of(DnsResult result, StreamFraming framing) => Interlocked.Read(ref _questions[Index(result, framing)]);

    /// <summary>Streams that are over, by what they turned out to be; undecided where they ended before a question had begun.</summary>
    public long Streams(StreamFraming framing) => Interlocked.Read(ref _streams[(int)framing]);

    public void Count(DnsResult result, StreamFraming framing) => Interlocked.Increment(ref _questions[Index(result, framing)]);

    public void StreamOpened() => Interlocked.Increment(ref _open);

    public void StreamEnded(StreamFraming framing, bool wasIdle)
    {
        Interlocked.Decrement(ref _open);
        Interlocked.Increment(ref _streams[(int)framing]);
        if (wasIdle)
            Interlocked.Increment(ref _idle);
    }

    public void WasTruncated() => Interlocked.Increment(ref _truncated);

    private static int Index(DnsResult result, StreamFraming framing) => (int)result * FramingWords.Length + (int)framing;
}
