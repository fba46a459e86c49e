using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Dns;
using ParentProxy.Runtime;
using ParentProxy.Vsock;

namespace ParentProxy.Inside.Names;

/// <summary>Questions over UDP on one address, which is that of the answers, too. Each is answered when its answer is there.</summary>
internal sealed class DatagramListener : IAsyncDisposable
{
    /// <summary>As much as a question over TCP may have.</summary>
    private const int MaxQuestionBytes = 4096;

    /// <summary>A datagram takes some 800 bytes here, and thousands may come at once; one that is lost costs five seconds.</summary>
    private const int BufferBytes = 4 * 1024 * 1024;

    private const int SocketLevel = 1; // SOL_SOCKET
    private const int ForcedReceiveBuffer = 33; // SO_RCVBUFFORCE

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly InsideAddress _address;
    private readonly NameAnswers _answers;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Occasional _failures;
    private readonly Socket _socket;
    private readonly BackgroundLoop _receiving;

    /// <summary>Binds; nothing is received before <see cref="Start"/>.</summary>
    /// <exception cref="SocketException">The address cannot be had.</exception>
    public DatagramListener(InsideAddress address, NameAnswers answers, TimeProvider clock, ILogger logger)
    {
        _address = address;
        _answers = answers;
        _clock = clock;
        _logger = logger;
        _failures = new Occasional(TimeSpan.FromMinutes(1), clock);
        _receiving = new BackgroundLoop(fault => NamesLog.ListenerFault(logger, address, fault));
        _socket = Bind((IPEndPoint)address.EndPoint);
    }

    /// <summary>Begins to answer; called once.</summary>
    public void Start() => _receiving.Start(ReceiveAsync);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _receiving.DisposeAsync().ConfigureAwait(false);
        _socket.Dispose();
    }

    private static Socket Bind(IPEndPoint address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            // Others' own: what an IPv4 address gets belongs to who listens on that.
            if (address.AddressFamily == AddressFamily.InterNetworkV6)
                socket.DualMode = false;
            socket.Bind(address);
            Enlarge(socket);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void Enlarge(Socket socket)
    {
        try
        {
            Span<byte> size = stackalloc byte[sizeof(int)];
            System.Runtime.InteropServices.MemoryMarshal.Write(size, BufferBytes);
            socket.SetRawSocketOption(SocketLevel, ForcedReceiveBuffer, size);
        }
        catch (SocketException)
        {
            // Without CAP_NET_ADMIN as much as net.core.rmem_max allows.
            socket.ReceiveBufferSize = BufferBytes;
        }
    }

    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        // One byte more, by which what is longer is told.
        var buffer = GC.AllocateUninitializedArray<byte>(MaxQuestionBytes + 1, pinned: true);
        var from = new SocketAddress(_socket.AddressFamily);
        while (true)
        {
            try
            {
                var count = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, from, cancellationToken).ConfigureAwait(false);
                if (count > MaxQuestionBytes)
                    _answers.Drop();
                else
                    _ = AnswerAsync(buffer[..count], Copy(from));
            }
            catch (SocketException ex)
            {
                if (_failures.MaySay(out var unsaid))
                    NamesLog.ReceiveFailed(_logger, _address, Errno.FromSocketError(ex.SocketErrorCode).Name, unsaid);
                await Task.Delay(Pause, _clock, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task AnswerAsync(byte[] message, SocketAddress asker)
    {
        try
        {
            var answer = await _answers.AnswerAsync(message, static query => Math.Min(query.UdpBytes, DnsQuery.OurUdpBytes))
                .ConfigureAwait(false);
            if (answer is not null)
                await _socket.SendToAsync(answer, SocketFlags.None, asker).ConfigureAwait(false);
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
        {
            // Who asked has gone, or the program ends.
        }
    }

    private static SocketAddress Copy(SocketAddress address)
    {
        var copy = new SocketAddress(address.Family, address.Size);
        address.Buffer.Span[..address.Size].CopyTo(copy.Buffer.Span);
        return copy;
    }
}
