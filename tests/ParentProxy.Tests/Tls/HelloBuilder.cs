using System.Buffers.Binary;
using System.Text;

namespace ParentProxy.Tests.Tls;

/// <summary>Writes ClientHellos as they are on the wire, good ones and others.</summary>
internal static class HelloBuilder
{
    public static byte[] Hello(params byte[][] extensions) => Record(Message(Body(Vector16(Join(extensions)))));

    public static byte[] Body(params byte[][] rest) => Body([0x00], [0x13, 0x01, 0x00, 0x2F], [0x00], rest);

    public static byte[] Body(byte[] session, byte[] suites, byte[] compressions, params byte[][] rest) =>
        Join([3, 3], new byte[32], session is [0] ? session : Vector8(session), Vector16(suites), Vector8(compressions), Join(rest));

    public static byte[] Message(byte[] body, byte type = 1) =>
        Join([type, (byte)(body.Length >> 16), (byte)(body.Length >> 8), (byte)body.Length], body);

    public static byte[] Record(byte[] fragment, byte type = 22, byte minor = 1) => Join([type, 3, minor], Vector16(fragment));

    /// <summary>One message in records that end at these places of it, and at its end.</summary>
    public static byte[] Records(byte[] message, params int[] ends)
    {
        var starts = ends.Prepend(0);
        return Join([.. starts.Zip(ends.Append(message.Length), (start, end) => Record(message[start..end]))]);
    }

    public static byte[] Extension(ushort type, params byte[][] data) => Join(UInt16(type), Vector16(Join(data)));

    public static byte[] ServerName(string name) => ServerName(Encoding.Latin1.GetBytes(name));

    public static byte[] ServerName(byte[] name) => Extension(0, Vector16(Join([0], Vector16(name))));

    public static byte[] Protocols(params string[] names) =>
        Extension(16, Vector16(Join([.. names.Select(name => Vector8(Encoding.Latin1.GetBytes(name)))])));

    public static byte[] Vector8(byte[] content) => Join([(byte)content.Length], content);

    public static byte[] Vector16(byte[] content) => Join(UInt16(content.Length), content);

    public static byte[] UInt16(int value)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value);
        return bytes;
    }

    public static byte[] Join(params byte[][] parts) => [.. parts.SelectMany(part => part)];
}
