using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using ParentProxy.Dns;
using ParentProxy.Tests.Dns;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Egress.Resolving;

/// <summary>A resolver on 127.0.0.1, over UDP and TCP, that answers as the test says.</summary>
internal sealed class FakeResolver : IDisposable
{
    private readonly Socket _udp = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Socket _tcp = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentQueue<(byte[] Bytes, bool IsTcp)> _asked = new();

    public FakeResolver()
    {
        // The same port for both, which another process may have taken for one of them.
        while (true)
        {
            try
            {
                _tcp.Bind(new IPEndPoint(IPAddress.Loopback, 0));
                _udp.Bind(_tcp.LocalEndPoint!);
                break;
            }
            catch (SocketException)
            {
                _tcp.Dispose();
                _tcp = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            }
        }

        _tcp.Listen();
        EndPoint = (IPEndPoint)_tcp.LocalEndPoint!;
        _ = ServeUdpAsync();
        _ = ServeTcpAsync();
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>What is answered to a question; more than one are sent one after the other, over UDP. Null or none: nothing.</summary>
    public Func<byte[], bool, byte[][]?> Answers { get; set; } = (_, _) => null;

    /// <summary>What was asked, in order.</summary>
    public IReadOnlyList<(byte[] Bytes, bool IsTcp)> Asked => [.. _asked];

    /// <summary>Answers every question with the records that its type has.</summary>
    public void Hold(params byte[][] records) => Answers = (query, _) =>
    [
        DnsBytes.Answer(
            query,
            [.. records.Where(record => TypeOf(record) == DnsQuery.Read(query)!.Type || TypeOf(record) == DnsType.Cname)],
            [DnsBytes.Soa(60, 60)]),
    ];

    public void Fail(DnsResponseCode code) => Answers = (query, _) => [DnsBytes.Answer(query, code: code)];

    public void BeMute() => Answers = (_, _) => null;

    public Task AskedTimesAsync(int times) =>
        Eventually.TrueAsync(() => _asked.Count >= times, () => $"asked {_asked.Count} times");

    public void Dispose()
    {
        _udp.Dispose();
        _tcp.Dispose();
    }

    private static ushort TypeOf(byte[] record)
    {
        var at = record[0] == 0xC0 ? 2 : Array.IndexOf(record, (byte)0) + 1;
        return BinaryPrimitives.ReadUInt16BigEndian(record.AsSpan(at));
    }

    private async Task ServeUdpAsync()
    {
        var buffer = new byte[65536];
        while (true)
        {
            try
            {
                var received = await _udp.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
                var query = buffer[..received.ReceivedBytes];
                _asked.Enqueue((query, false));
                foreach (var answer in Answers(query, false) ?? [])
                    await _udp.SendToAsync(answer, received.RemoteEndPoint);
            }
            catch (SocketException ex) when (ex.SocketErrorCode == SocketError.OperationAborted)
            {
                return;
            }
            catch (SocketException)
            {
                // Who asked has gone.
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeTcpAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _tcp.AcceptAsync());
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        await using var stream = new NetworkStream(client, ownsSocket: true);
        var length = new byte[2];
        try
        {
            await stream.ReadExactlyAsync(length);
            var query = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
            await stream.ReadExactlyAsync(query);
            _asked.Enqueue((query, true));
            if (Answers(query, true) is not { } answers)
                await stream.ReadExactlyAsync(length); // Mute until whoever asks is gone.
            else
                await stream.WriteAsync(DnsBytes.Framed(answers));
        }
        catch (IOException)
        {
            // Who asked has gone.
        }
    }
}
