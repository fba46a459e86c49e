using System.Buffers.Binary;
using ParentProxy.Runtime;

namespace ParentProxy.Egress.Time;

/// <summary>Packets of NTP without extensions (RFC 5905, 7.3): a client's question and the server's answer to it.</summary>
internal static class NtpPacket
{
    /// <summary>The bytes of each.</summary>
    public const int Length = 48;

    /// <summary>
    /// Distance to a clock that is set by itself, which the kernel does not know: the usual number for that, so that an enclave that
    /// knows a better source prefers it. 16 is none at all.
    /// </summary>
    private const byte Stratum = 10;

    private const byte NoStratum = 16;
    private const int ClientMode = 3;
    private const int ServerMode = 4;
    private const int NoLeap = 3;

    /// <summary>As a power of two of seconds: the kernel tells microseconds.</summary>
    private const sbyte Precision = -20;

    private static readonly DateTime Era = new(1900, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>Whether a question begins like this: mode 3, version 3 or 4.</summary>
    public static bool IsQuestion(byte first) => (first & 7) == ClientMode && (first >> 3 & 7) is 3 or 4;

    /// <summary>Writes the answer to a question over it.</summary>
    /// <param name="packet">The question.</param>
    /// <param name="received">The clock when it came.</param>
    /// <param name="sent">The clock now.</param>
    public static void Answer(Span<byte> packet, ClockReading received, ClockReading sent)
    {
        var version = packet[0] >> 3 & 7;
        var leap = sent.IsSynchronized ? (int)sent.Leap : NoLeap;
        packet[0] = (byte)(leap << 6 | version << 3 | ServerMode);
        packet[1] = sent.IsSynchronized ? Stratum : NoStratum;

        // The poll interval stays as it was asked. No delay to the source is known apart: the kernel's bound has it all.
        packet[3] = unchecked((byte)Precision);
        BinaryPrimitives.WriteUInt32BigEndian(packet[4..], 0);
        BinaryPrimitives.WriteUInt32BigEndian(packet[8..], (uint)Math.Min(sent.MaxError.TotalSeconds * 65536, uint.MaxValue));
        "KERN"u8.CopyTo(packet[12..]);

        // When the clock was set last is not known; it is being set all the time.
        var question = BinaryPrimitives.ReadUInt64BigEndian(packet[40..]);
        BinaryPrimitives.WriteUInt64BigEndian(packet[16..], sent.IsSynchronized ? Timestamp(received.Utc) : 0);
        BinaryPrimitives.WriteUInt64BigEndian(packet[24..], question);
        BinaryPrimitives.WriteUInt64BigEndian(packet[32..], Timestamp(received.Utc));
        BinaryPrimitives.WriteUInt64BigEndian(packet[40..], Timestamp(sent.Utc));
    }

    /// <summary>Seconds and fraction since 1900, of which from 2036 on the highest bit is lost, as the standard has it.</summary>
    private static ulong Timestamp(DateTime utc)
    {
        var (seconds, ticks) = Math.DivRem((ulong)(utc - Era).Ticks, TimeSpan.TicksPerSecond);
        return seconds << 32 | (ticks << 32) / TimeSpan.TicksPerSecond;
    }
}
