using System.Buffers.Binary;
using System.Text;

namespace ParentProxy.Tests.Telemetry.Tracing;

/// <summary>The fields of a protobuf message, as far as OTLP has them: numbers, fixed 64 bits and bytes.</summary>
internal sealed class ProtobufMessage
{
    private readonly ILookup<int, object> _fields;

    public ProtobufMessage(byte[] message)
    {
        var fields = new List<(int Number, object Value)>();
        for (var rest = message.AsSpan(); !rest.IsEmpty;)
        {
            var tag = Number(ref rest);
            fields.Add(((int)(tag >> 3), (tag & 7) switch
            {
                0 => Number(ref rest),
                1 => BinaryPrimitives.ReadUInt64LittleEndian(Take(ref rest, 8)),
                2 => Take(ref rest, (int)Number(ref rest)).ToArray(),
                5 => (ulong)BinaryPrimitives.ReadUInt32LittleEndian(Take(ref rest, 4)),
                var type => throw new InvalidDataException($"wire type {type}"),
            }));
        }

        _fields = fields.ToLookup(field => field.Number, field => field.Value);
    }

    public IEnumerable<ProtobufMessage> Messages(int number) => _fields[number].Select(value => new ProtobufMessage((byte[])value));

    public byte[] Bytes(int number) => _fields[number].Cast<byte[]>().LastOrDefault() ?? [];

    public string Text(int number) => Encoding.UTF8.GetString(Bytes(number));

    public ulong? Number(int number) => _fields[number].Cast<ulong?>().LastOrDefault();

    private static ulong Number(ref Span<byte> rest)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = Take(ref rest, 1)[0];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }
    }

    private static Span<byte> Take(ref Span<byte> rest, int count)
    {
        var taken = rest[..count];
        rest = rest[count..];
        return taken;
    }
}
