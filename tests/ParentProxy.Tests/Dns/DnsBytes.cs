using System.Buffers.Binary;
using System.Net;
using ParentProxy.Dns;

namespace ParentProxy.Tests.Dns;

/// <summary>Messages as clients and resolvers write them.</summary>
internal static class DnsBytes
{
    /// <summary>Points to the name of the question.</summary>
    public static readonly byte[] Asked = [0xC0, 12];

    /// <summary>A question in the case in which the name is written.</summary>
    public static byte[] Query(
        string name, ushort type = DnsType.A, ushort id = 0x1234, DnsFlags flags = DnsFlags.RecursionDesired, byte[]? opt = null, ushort cls = 1)
    {
        byte[] bytes = [.. U16(id), .. U16((ushort)flags), 0, 1, 0, 0, 0, 0, 0, (byte)(opt is null ? 0 : 1), .. Name(name), .. U16(type)];
        return [.. bytes, .. U16(cls), .. opt ?? []];
    }

    public static byte[] Opt(ushort size = 1232, bool dnssec = false, byte version = 0, params byte[] options) =>
        [0, .. U16(DnsType.Opt), .. U16(size), 0, version, .. U16((ushort)(dnssec ? 0x8000 : 0)), .. U16((ushort)options.Length), .. options];

    public static byte[] Option(ushort code, params byte[] data) => [.. U16(code), .. U16((ushort)data.Length), .. data];

    /// <summary>An answer to a question.</summary>
    public static byte[] Answer(
        ReadOnlyMemory<byte> query,
        byte[][]? answers = null,
        byte[][]? authority = null,
        byte[][]? additional = null,
        DnsResponseCode code = DnsResponseCode.NoError,
        DnsFlags flags = DnsFlags.None)
    {
        var asked = DnsQuery.Read(query)!;
        flags |= asked.Flags | DnsFlags.Response | DnsFlags.RecursionAvailable | (DnsFlags)code;
        byte[] header =
        [
            .. query.Span[..2], .. U16((ushort)flags), 0, 1,
            .. U16((ushort)(answers?.Length ?? 0)), .. U16((ushort)(authority?.Length ?? 0)), .. U16((ushort)(additional?.Length ?? 0)),
        ];
        return [.. header, .. asked.Question, .. (answers ?? []).Concat(authority ?? []).Concat(additional ?? []).SelectMany(bytes => bytes)];
    }

    public static byte[] Record(byte[] name, ushort type, uint ttl, byte[] data) =>
        [.. name, .. U16(type), .. U16(1), .. U32(ttl), .. U16((ushort)data.Length), .. data];

    public static byte[] Address(string address, uint ttl = 60, byte[]? name = null)
    {
        var bytes = IPAddress.Parse(address).GetAddressBytes();
        return Record(name ?? Asked, bytes.Length == 4 ? DnsType.A : DnsType.Aaaa, ttl, bytes);
    }

    public static byte[] Alias(string target, uint ttl = 60, byte[]? name = null) => Record(name ?? Asked, DnsType.Cname, ttl, Name(target));

    public static byte[] Soa(uint ttl = 300, uint minimum = 60) => Record(
        Name("example"), DnsType.Soa, ttl, [.. Name("ns.example"), .. Name("mail.example"), .. new byte[16], .. U32(minimum)]);

    public static byte[] Name(string text)
    {
        byte[] labels = [.. text.TrimEnd('.').Split('.').SelectMany(label => (byte[])[(byte)label.Length, .. System.Text.Encoding.ASCII.GetBytes(label)])];
        return text is "" or "." ? [0] : [.. labels, 0];
    }

    public static byte[] Framed(params byte[][] messages) =>
        [.. messages.SelectMany(message => (byte[])[.. U16((ushort)message.Length), .. message])];

    public static DnsMessage Read(ReadOnlyMemory<byte> bytes) =>
        DnsMessage.TryRead(bytes, out var message) ? message : throw new InvalidDataException(Convert.ToHexString(bytes.Span));

    /// <summary>The addresses in the answer section.</summary>
    public static IEnumerable<string> Addresses(DnsMessage message) => message.Records.ToArray()
        .Where(record => record.Section == DnsSection.Answer && record.Type is DnsType.A or DnsType.Aaaa)
        .Select(record => new IPAddress(message.DataOf(record)).ToString());

    /// <summary>Number and text of the extended error in the OPT record; null when there is none.</summary>
    public static (int InfoCode, string Text)? Error(DnsMessage message)
    {
        var data = message.Opt is { } opt ? message.DataOf(opt) : default;
        while (data.Length > 0)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(data[2..]);
            if (BinaryPrimitives.ReadUInt16BigEndian(data) == 15)
                return (BinaryPrimitives.ReadUInt16BigEndian(data[4..]), System.Text.Encoding.UTF8.GetString(data[6..(4 + length)]));
            data = data[(4 + length)..];
        }

        return null;
    }

    private static byte[] U16(ushort value) => [(byte)(value >> 8), (byte)value];

    private static byte[] U32(uint value) => [.. U16((ushort)(value >> 16)), .. U16((ushort)value)];
}
