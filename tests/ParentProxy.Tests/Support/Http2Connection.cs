using System.Buffers.Binary;
using System.Text;

namespace ParentProxy.Tests.Support;

/// <summary>A client that speaks HTTP/2 in frames of its own making, for requests that no library would send.</summary>
internal sealed class Http2Connection : IAsyncDisposable
{
    private const byte Headers = 1;
    private const byte Reset = 3;
    private const byte Settings = 4;
    private const byte GoAway = 7;

    private readonly WireConnection _wire;
    private int _stream = -1;

    private Http2Connection(WireConnection wire) => _wire = wire;

    /// <summary>Connects, with TLS when there is a certificate to look for.</summary>
    /// <param name="uri">Where to.</param>
    /// <param name="certificate">What the server has to show; null: there is no TLS.</param>
    /// <param name="before">Sent before anything else.</param>
    public static async Task<Http2Connection> ConnectAsync(
        Uri uri, TestCertificate? certificate = null, ReadOnlyMemory<byte> before = default)
    {
        var wire = certificate is null
            ? await WireConnection.ConnectAsync(uri)
            : await WireConnection.ConnectTlsAsync(uri, certificate, http2: true, before);
        if (certificate is null)
            await wire.SendAsync(before);
        var connection = new Http2Connection(wire);
        await wire.SendAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        await connection.SendAsync(Settings, 0, 0, []);
        return connection;
    }

    /// <summary>A GET with these in the place of, or behind, the usual fields; gives the status, or how it ended without.</summary>
    public Task<string> GetAsync(params (string Name, string Value)[] fields)
    {
        List<(string Name, string Value)> all = [(":method", "GET"), (":scheme", "http"), (":authority", "example.test"), (":path", "/")];
        foreach (var field in fields)
        {
            var at = all.FindIndex(f => f.Name == field.Name && f.Name[0] == ':');
            if (at >= 0)
                all[at] = field;
            else
                all.Add(field);
        }

        return ExchangeAsync([.. all]);
    }

    /// <summary>A request without a body, of these fields and no others.</summary>
    public async Task<string> ExchangeAsync(params (string Name, string Value)[] fields)
    {
        _stream += 2;
        var block = new MemoryStream();
        foreach (var (name, value) in fields)
        {
            // A literal that nobody is to remember (RFC 7541 §6.2.3).
            block.WriteByte(0x10);
            WriteText(block, name);
            WriteText(block, value);
        }

        await SendAsync(Headers, flags: 0x5, _stream, block.ToArray());
        while (true)
        {
            var (type, flags, stream, payload) = await ReadAsync();
            switch (type)
            {
                case Settings when (flags & 1) == 0:
                    await SendAsync(Settings, 1, 0, []);
                    break;
                case Headers when stream == _stream:
                    return Status(payload);
                case Reset when stream == _stream:
                    return $"reset {BinaryPrimitives.ReadUInt32BigEndian(payload)}";
                case GoAway:
                    return $"goaway {BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(4))}";
            }
        }
    }

    public ValueTask DisposeAsync() => _wire.DisposeAsync();

    /// <summary>The first field of an answer: one of the static table, or its name from there and the number behind.</summary>
    private static string Status(byte[] block) => block[0] switch
    {
        >= 0x88 and <= 0x8e => ((string[])["200", "204", "206", "304", "400", "404", "500"])[block[0] - 0x88],
        _ => Encoding.ASCII.GetString(block, 2, 3),
    };

    private static void WriteText(MemoryStream block, string latin1)
    {
        // A number of seven bits and what is beyond (RFC 7541 §5.1).
        var rest = latin1.Length;
        if (rest < 127)
        {
            block.WriteByte((byte)rest);
        }
        else
        {
            block.WriteByte(127);
            for (rest -= 127; rest >= 128; rest /= 128)
                block.WriteByte((byte)(rest % 128 + 128));
            block.WriteByte((byte)rest);
        }

        block.Write(Encoding.Latin1.GetBytes(latin1));
    }

    private async Task SendAsync(byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame, (uint)payload.Length << 8 | type);
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        await _wire.SendAsync(frame);
    }

    private async Task<(byte Type, byte Flags, int Stream, byte[] Payload)> ReadAsync()
    {
        var head = await _wire.ReadExactlyAsync(9);
        var length = (int)(BinaryPrimitives.ReadUInt32BigEndian(head) >> 8);
        return (head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)), await _wire.ReadExactlyAsync(length));
    }
}
