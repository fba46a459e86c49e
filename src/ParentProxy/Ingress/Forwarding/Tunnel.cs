using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ParentProxy.Http1;
using ParentProxy.Ingress.Kestrel;

namespace ParentProxy.Ingress.Forwarding;

/// <summary>
/// A connection that was upgraded: bytes in both directions, each ended by itself. Holds no buffer while nothing moves.
/// </summary>
internal sealed class Tunnel : IAsyncDisposable
{
    private const int BufferBytes = 16 * 1024;

    private readonly HttpContext _context;
    private readonly Attempt _attempt;
    private readonly Http1Connection _connection;
    private readonly Stream _client;
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
        _ending = CancellationTokenSource.CreateLinkedTokenSource(attempt.Cancellation);
    }

    /// <summary>Gives the 101 to the client.</summary>
    /// <exception cref="InvalidResponseException">The enclave switched to something else than it was asked to.</exception>
    public static async Task<Tunnel> OpenAsync(HttpContext context, RequestPlan plan, ResponseHead head, Attempt attempt, Http1Connection connection)
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
        var up = CopyUpAsync();
        var down = CopyDownAsync();
        if (!(await Task.WhenAny(up, down)).IsCompletedSuccessfully)
        {
            _connection.Abort();
            _context.Abort();
        }

        try
        {
            await Task.WhenAll(up, down);
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

    /// <summary>The answer to a key (RFC 6455 §4.2.2).</summary>
    private static string Accept(string key)
    {
#pragma warning disable CA5350 // The standard's choice; nothing is kept secret with it.
        return Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
    }

    private async Task CopyUpAsync()
    {
        var isAtClient = true;
        try
        {
            while (true)
            {
                isAtClient = true;
                _ = await _client.ReadAsync(Memory<byte>.Empty, _ending.Token);
                var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
                try
                {
                    var count = await _client.ReadAsync(buffer, _ending.Token);
                    if (count == 0)
                        break;
                    _fromClient.Follow(buffer.AsSpan(0, count));

                    // Before they are anybody's: who holds them finds them counted.
                    _attempt.AddRequestBytes(count);
                    isAtClient = false;
                    await _connection.WriteTunnelAsync(buffer.AsMemory(0, count));
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }

                _attempt.Progress();
            }
        }
        catch (Exception) when (_failure is { Kind: FailureKind.TunnelCut })
        {
            // Nobody is there any more to whom it could go.
            return;
        }
        catch (Exception ex)
        {
            End(isAtClient, ex);
            throw;
        }

        End(isAtClient: true, broken: null);
        _connection.ShutdownSend();
    }

    private async Task CopyDownAsync()
    {
        var isAtClient = false;
        try
        {
            while (true)
            {
                isAtClient = false;
                _ = await _connection.ReadTunnelAsync(Memory<byte>.Empty);
                var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
                try
                {
                    var count = await _connection.ReadTunnelAsync(buffer);
                    if (count == 0)
                        break;
                    _fromEnclave.Follow(buffer.AsSpan(0, count));
                    _attempt.AddResponseBytes(count);
                    isAtClient = true;
                    await _client.WriteAsync(buffer.AsMemory(0, count), _attempt.Cancellation);
                    await _client.FlushAsync(_attempt.Cancellation);
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }

                _attempt.Progress();
            }
        }
        catch (Exception ex)
        {
            End(isAtClient, ex);
            throw;
        }

        End(isAtClient: false, broken: null);
        await EndDownAsync();

        // Half a WebSocket is of no use to anybody. Of what else a tunnel may carry nothing is known.
        if (_failure is { Kind: FailureKind.TunnelCut })
        {
            await _ending.CancelAsync();
            _connection.Abort();
        }
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
            _failure = new AttemptFailure(FailureKind.TunnelStopped, "stopped", "the program stopped, and Timeouts:Drain was over", "Timeouts:Drain sets how long requests and upgraded connections may take to finish.");
        else if (_fromClient.HasClose || _fromEnclave.HasClose || (broken is null && (_fromClient.AreOther || _fromEnclave.AreOther)))
            _isInOrder = true;
        else if (isAtClient || isAborted)
            _failure = new AttemptFailure(FailureKind.ClientGone, broken is null ? "EOF" : "canceled", "cut off by the client", "");
        else
            _failure = ForwardFailure.OfTunnel(broken);
    }

    /// <summary>
    /// Lets the client see the end of the enclave's direction while its own goes on. Where that cannot be told apart from
    /// the end of both (TLS), it is the end of both.
    /// </summary>
    private async Task EndDownAsync()
    {
        if (ClientWire.Of(_context) is not { } wire)
            await _context.Response.CompleteAsync();
        else if (!wire.TryShutdownSend())
            _context.Abort();
    }
}
