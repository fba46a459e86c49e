using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ParentProxy.Http1;
using ParentProxy.Ingress.Kestrel;
using ParentProxy.Sockets;

namespace ParentProxy.Ingress.Forwarding;

/// <summary>
/// A connection that was upgraded: a relay between client and enclave, which follows the frames of a WebSocket to know how it
/// ended.
/// </summary>
internal sealed class Tunnel : IRelayOwner, IAsyncDisposable
{
    private readonly HttpContext _context;
    private readonly Attempt _attempt;
    private readonly Http1Connection _connection;
    private readonly Stream _client;
    private readonly ClientEnd _front;
    private readonly EnclaveEnd _back;
    private readonly CancellationTokenSource _ending;
    private readonly WebSocketFrames _fromClient = new(areMasked: true);
    private readonly WebSocketFrames _fromEnclave = new(areMasked: false);
    private int _hasEnded;
    private bool _isInOrder;
    private AttemptFailure? _failure;

    private Tunnel(HttpContext context, Attempt attempt, Http1Connection connection, Stream client)
    {
        _context = context;
        _attempt = attempt;
        _connection = connection;
        _client = client;
        _front = new ClientEnd(this);
        _back = new EnclaveEnd(connection);
        _ending = CancellationTokenSource.CreateLinkedTokenSource(attempt.Cancellation);
    }

    /// <inheritdoc/>
    bool IRelayOwner.IsOver => IsCutByEnclave;

    /// <summary>Half a WebSocket is of no use to anybody. Of what else a tunnel may carry nothing is known.</summary>
    private bool IsCutByEnclave => _failure is { Kind: FailureKind.TunnelCut };

    /// <summary>Gives the 101 to the client, or what stands for it in HTTP/2.</summary>
    /// <exception cref="InvalidResponseException">The enclave switched to something else than it was asked to.</exception>
    public static async Task<Tunnel> OpenAsync(
        HttpContext context, RequestPlan plan, ResponseHead head, Attempt attempt, Http1Connection connection)
    {
        ResponseFields.Apply(head, context);
        if (plan.ExtendedConnect is { } connect)
        {
            var headers = context.Response.Headers;
            if (headers["Sec-WebSocket-Accept"] != Accept(plan.WebSocketKey!))
                throw new InvalidResponseException("it accepts another WebSocket than the one asked for");
            headers.Remove("Sec-WebSocket-Accept");
            context.Response.StatusCode = StatusCodes.Status200OK;
            return new Tunnel(context, attempt, connection, await connect.AcceptAsync());
        }

        ClientWire.Of(context)?.BeginTunnel();
        context.Response.Headers.Upgrade = plan.Upgrade;
        return new Tunnel(context, attempt, connection, await context.Features.Get<IHttpUpgradeFeature>()!.UpgradeAsync());
    }

    /// <summary>
    /// Copies until both directions have ended. What ends first decides how the tunnel ended, which stands in the
    /// <see cref="Attempt"/> then unless it was in order; what the end of the other side looks like only follows from it.
    /// </summary>
    /// <exception cref="IOException">One of them broke; both are closed then.</exception>
    public async Task RunAsync()
    {
        try
        {
            await new Relay(_front, _back, this).RunAsync();
        }
        catch (Exception) when (_isInOrder)
        {
            // After a Close frame either side may end the connection as it likes.
        }
        finally
        {
            if (_failure is not null)
                _attempt.Fail(_failure);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _ending.Dispose();
        return _client.DisposeAsync();
    }

    /// <inheritdoc/>
    void IRelayOwner.OnRead(IRelayEnd from, ReadOnlySpan<byte> bytes)
    {
        if (from == _front)
        {
            _fromClient.Follow(bytes);
            _attempt.AddRequestBytes(bytes.Length);
        }
        else
        {
            _fromEnclave.Follow(bytes);
            _attempt.AddResponseBytes(bytes.Length);
        }
    }

    /// <inheritdoc/>
    void IRelayOwner.OnProgress() => _attempt.Progress();

    /// <inheritdoc/>
    void IRelayOwner.OnEnd(IRelayEnd at, Exception? broken) => End(isAtClient: at == _front, broken);

    /// <summary>What accepts a key (RFC 6455 §4.2.2).</summary>
    private static string Accept(string key)
    {
#pragma warning disable CA5350 // The standard's choice; nothing is kept secret with it.
        return Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
    }

    /// <summary>One side has ended its direction, or is broken: the first time decides how the tunnel ended.</summary>
    /// <param name="isAtClient">Whether it is the client's side.</param>
    /// <param name="broken">How it broke; null when the direction was ended, as far as the socket can tell.</param>
    private void End(bool isAtClient, Exception? broken)
    {
        if (Interlocked.Exchange(ref _hasEnded, 1) != 0)
            return;
        var isAborted = _attempt.IsCancelled || _context.RequestAborted.IsCancellationRequested;

        // What is cut off sees its socket fail before it is told why.
        if ((isAborted || broken is not null) && _attempt.Exchange is { Drain.IsCutting: true })
            _failure = AttemptFailure.TunnelStopped;
        else if (_fromClient.HasClose || _fromEnclave.HasClose || (broken is null && (_fromClient.AreOther || _fromEnclave.AreOther)))
            _isInOrder = true;
        else if (isAtClient || isAborted)
            _failure = new AttemptFailure(FailureKind.ClientGone, broken is null ? "EOF" : "canceled", "cut off by the client", "");
        else
            _failure = ForwardFailure.OfTunnel(broken);
    }

    /// <summary>The client's side, whose reads end when the enclave has cut the tunnel off.</summary>
    private sealed class ClientEnd(Tunnel tunnel) : IRelayEnd
    {
        public ValueTask<int> ReadAsync(Memory<byte> buffer) => tunnel._client.ReadAsync(buffer, tunnel._ending.Token);

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
        public async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer)
        {
            await tunnel._client.WriteAsync(buffer, tunnel._attempt.Cancellation);
            await tunnel._client.FlushAsync(tunnel._attempt.Cancellation);
        }

        /// <summary>
        /// Lets the client see the end of the enclave's direction while its own goes on. Where that cannot be told apart from
        /// the end of both (TLS), it is the end of both.
        /// </summary>
        public async ValueTask EndWritingAsync()
        {
            if (ClientWire.Of(tunnel._context) is not { } wire)
                await tunnel._context.Response.CompleteAsync();
            else if (!wire.TryShutdownSend())
                Abort();

            if (tunnel.IsCutByEnclave)
            {
                await tunnel._ending.CancelAsync();
                tunnel._connection.Abort();
            }
        }

        public void Abort() => tunnel._context.Abort();
    }

    private sealed class EnclaveEnd(Http1Connection connection) : IRelayEnd
    {
        public ValueTask<int> ReadAsync(Memory<byte> buffer) => connection.ReadTunnelAsync(buffer);

        public ValueTask WriteAsync(ReadOnlyMemory<byte> buffer) => connection.WriteTunnelAsync(buffer);

        public ValueTask EndWritingAsync()
        {
            connection.ShutdownSend();
            return ValueTask.CompletedTask;
        }

        public void Abort() => connection.Abort();
    }
}
