using System.Buffers;
using System.Buffers.Binary;

namespace ParentProxy.Tls;

/// <summary>
/// Finds the ClientHello in the first bytes of a connection (RFC 8446 §5.1, RFC 5246 §6.2.1), in however many records it comes.
/// What servers could read in different ways is refused: the server must not see another name than it was chosen by.
/// </summary>
internal static class ClientHelloParser
{
    /// <summary>The longest ClientHello, without the headers of its records. Chromium's has about 2,000 bytes.</summary>
    public const int MaxHelloBytes = 16 * 1024;

    /// <summary>
    /// The room that a reader needs: of so many bytes <see cref="Parse"/> never says that more are needed. It holds the longest
    /// ClientHello in 819 records, and one of 3,400 bytes in records of one byte.
    /// </summary>
    public const int MaxBytes = 20 * 1024;

    private const int RecordHeaderBytes = 5;
    private const int MessageHeaderBytes = 4;
    private const int MaxRecordBytes = 1 << 14;
    private const byte HandshakeRecord = 22;
    private const byte ClientHelloMessage = 1;

    /// <summary>
    /// Reads from the connection's first byte on. While the answer is <see cref="ClientHelloStatus.Incomplete"/>, ask again with all
    /// bytes that have come since. Any other answer is final: more bytes do not change it.
    /// </summary>
    /// <param name="received">All that came so far. What follows the ClientHello, early data for one, is not looked at.</param>
    /// <param name="hello">Set if the answer is <see cref="ClientHelloStatus.Complete"/>.</param>
    /// <param name="problem">
    /// What is wrong, for a log, if the answer is <see cref="ClientHelloStatus.NotTls"/> or
    /// <see cref="ClientHelloStatus.Malformed"/>; what the client wrote is in it only as visible ASCII.
    /// </param>
    public static ClientHelloStatus Parse(ReadOnlySpan<byte> received, out ClientHello? hello, out string? problem)
    {
        hello = null;
        problem = NotTls(received);
        if (problem is not null)
            return ClientHelloStatus.NotTls;

        Span<byte> head = stackalloc byte[MessageHeaderBytes];
        var at = 0; // Where the next record begins.
        var gathered = 0; // What the records up to there hold of the message.
        var total = int.MaxValue; // Its length, its header included, once that is known.
        while (gathered < total)
        {
            problem = RecordProblem(received[at..], at);
            if (problem is not null)
                return ClientHelloStatus.Malformed;
            if (received.Length - at < RecordHeaderBytes)
                return ClientHelloStatus.Incomplete;
            var length = BinaryPrimitives.ReadUInt16BigEndian(received[(at + 3)..]);
            at += RecordHeaderBytes;

            if (gathered < MessageHeaderBytes)
            {
                var fragment = received.Slice(at, Math.Min(length, received.Length - at));
                fragment = fragment[..Math.Min(fragment.Length, MessageHeaderBytes - gathered)];
                fragment.CopyTo(head[gathered..]);
                problem = MessageProblem(head[..(gathered + fragment.Length)], ref total);
                if (problem is not null)
                    return ClientHelloStatus.Malformed;
            }

            at += length;
            gathered += length;
            if (gathered > total)
            {
                problem = "the record of the ClientHello goes on behind its end";
                return ClientHelloStatus.Malformed;
            }

            if (at > received.Length)
                return ClientHelloStatus.Incomplete;
        }

        problem = Read(received[..at], total, out hello);
        return problem is null ? ClientHelloStatus.Complete : ClientHelloStatus.Malformed;
    }

    // SSL 2 has its length first, with the highest bit set, and so is none either. Any minor version: RFC 5246 §E.1.
    private static string? NotTls(ReadOnlySpan<byte> received)
    {
        if (received is [not HandshakeRecord, ..])
            return $"the first byte is 0x{received[0]:X2}, TLS begins with 0x{HandshakeRecord:X2}";
        if (received is [_, not 3, ..])
            return $"the second byte is 0x{received[1]:X2}, in TLS it is 0x03";
        return null;
    }

    private static string? RecordProblem(ReadOnlySpan<byte> record, int at)
    {
        if (at > MaxBytes - RecordHeaderBytes)
            return $"no whole ClientHello in the first {MaxBytes} bytes";
        if (record is [not HandshakeRecord, ..])
            return $"a record of type {record[0]} inside the ClientHello";
        if (record is [_, not 3, ..])
            return $"a record of version {record[1]}.x inside the ClientHello";
        if (record.Length < RecordHeaderBytes)
            return null;
        var length = BinaryPrimitives.ReadUInt16BigEndian(record[3..]);
        return length switch
        {
            0 => "an empty record",
            > MaxRecordBytes => $"a record of {length} bytes, at most {MaxRecordBytes} are allowed",
            _ when at + RecordHeaderBytes + length > MaxBytes => $"no whole ClientHello in the first {MaxBytes} bytes",
            _ => null,
        };
    }

    private static string? MessageProblem(ReadOnlySpan<byte> head, ref int total)
    {
        if (head is [not ClientHelloMessage, ..])
            return $"the first handshake message is of type {head[0]}, a ClientHello of type {ClientHelloMessage}";
        if (head.Length < MessageHeaderBytes)
            return null;
        total = MessageHeaderBytes + (int)(BinaryPrimitives.ReadUInt32BigEndian(head) & 0xFFFFFF);
        return total > MaxHelloBytes ? $"a ClientHello of {total} bytes, at most {MaxHelloBytes} are read" : null;
    }

    private static string? Read(ReadOnlySpan<byte> records, int total, out ClientHello? hello)
    {
        if (records.Length == RecordHeaderBytes + total)
            return ClientHelloReader.Read(records[(RecordHeaderBytes + MessageHeaderBytes)..], out hello);

        var joined = ArrayPool<byte>.Shared.Rent(total);
        var end = 0;
        while (records.Length > 0)
        {
            var fragment = records.Slice(RecordHeaderBytes, BinaryPrimitives.ReadUInt16BigEndian(records[3..]));
            fragment.CopyTo(joined.AsSpan(end));
            end += fragment.Length;
            records = records[(RecordHeaderBytes + fragment.Length)..];
        }

        var problem = ClientHelloReader.Read(joined.AsSpan(MessageHeaderBytes, total - MessageHeaderBytes), out hello);
        ArrayPool<byte>.Shared.Return(joined);
        return problem;
    }
}
