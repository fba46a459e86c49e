using System.Net;
using System.Net.Sockets;
using System.Text;
using ParentProxy.Scenarios.Wire;

namespace ParentProxy.Scenarios.Load;

/// <summary>A connection of a client that repeats nothing and hides nothing.</summary>
internal sealed class ClientConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly MessageReader _reader;
    private bool _isLast;

    private ClientConnection(Socket socket)
    {
        _socket = socket;
        _reader = new MessageReader(socket);
    }

    /// <summary>Whether another request may be sent: nobody does where the end of the connection can be seen.</summary>
    public bool IsUsable => !_isLast && !_socket.Poll(0, SelectMode.SelectRead);

    /// <summary>Connects.</summary>
    public static async Task<ClientConnection> ConnectAsync(int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            return new ClientConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends a request and reads its answer.</summary>
    public async Task<(Outcome Outcome, string? Enclave)> ExchangeAsync(string id, string request, CancellationToken cancellationToken)
    {
        var before = _reader.Received;
        _isLast = true;
        try
        {
            await _socket.SendAsync(Encoding.Latin1.GetBytes(request), cancellationToken);
            if (await _reader.ReadHeadAsync(cancellationToken) is not { } head)
                return (Outcome.Reset, null);
            var body = await _reader.ReadBodyAsync(head, untilClose: true, cancellationToken);
            _isLast = head.IsLast || (head.ContentLength is null && !head.IsChunked);
            return (OutcomeOf(head.StartLine[1], body == id), head["X-Enclave"]);
        }
        catch (OperationCanceledException)
        {
            return (Outcome.Timeout, null);
        }
        catch (Exception ex) when (ex is SocketException or EndOfStreamException)
        {
            return (_reader.Received > before ? Outcome.Cut : Outcome.Reset, null);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private static Outcome OutcomeOf(string status, bool isOurs) => status switch
    {
        "200" => isOurs ? Outcome.Ok : Outcome.Mixed,
        "502" => Outcome.BadGateway,
        "503" => Outcome.Unavailable,
        "504" => Outcome.GatewayTimeout,
        _ => Outcome.OtherStatus,
    };
}
