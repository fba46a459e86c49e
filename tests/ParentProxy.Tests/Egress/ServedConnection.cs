using System.Net.Sockets;
using ParentProxy.Egress;
using ParentProxy.Tests.Sockets;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Egress;

/// <summary>A connection of an enclave that a service was given, as by a listener, which closes it when the service is done.</summary>
internal sealed class ServedConnection : IDisposable
{
    public static readonly EgressPeer Enclave = new(16, "prover-1", "proof-server");

    private readonly SocketPair _pair = SocketPair.Unix();

    public ServedConnection(IEgressService service, EgressPeer? peer = null, CancellationToken cut = default) =>
        Served = ServeAsync(service, new EgressConnection("unix:/run/test.sock", peer ?? Enclave, _pair.Near, accepted: 0), cut);

    /// <summary>The enclave's end.</summary>
    public Socket Far => _pair.Far;

    /// <summary>Completes when the service is done with it.</summary>
    public Task Served { get; }

    /// <summary>Sends the last bytes, and the end.</summary>
    public void SendLast(ReadOnlySpan<byte> bytes)
    {
        Far.Send(bytes);
        Far.Shutdown(SocketShutdown.Send);
    }

    /// <summary>What the service sends, up to the end.</summary>
    public Task<byte[]> ReadAllAsync() => ReceiveAsync(int.MaxValue);

    /// <summary>As much of what the service sends.</summary>
    public Task<byte[]> ReadAsync(int count) => ReceiveAsync(count);

    public void Dispose() => _pair.Dispose();

    private async Task<byte[]> ReceiveAsync(int most)
    {
        var all = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int count;
        while (all.Length < most
            && (count = await Far.ReceiveAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, most - all.Length))).AsTask()
                .WaitAsync(TestDeadline.Value)) > 0)
        {
            all.Write(buffer, 0, count);
        }

        return all.ToArray();
    }

    private static async Task ServeAsync(IEgressService service, EgressConnection connection, CancellationToken cut)
    {
        try
        {
            await service.ServeAsync(connection, cut);
        }
        finally
        {
            await connection.Socket.CloseAsync();
        }
    }
}
