using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ParentProxy.Http1;

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

    private Tunnel(HttpContext context, Attempt attempt, Http1Connection connection, Stream client)
    {
        _context = context;
        _attempt = attempt;
        _connection = connection;
        _client = client;
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

    /// <summary>Copies until both directions have ended.</summary>
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

        await Task.WhenAll(up, down);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _client.DisposeAsync();

    /// <summary>The answer to a key (RFC 6455 §4.2.2).</summary>
    private static string Accept(string key)
    {
#pragma warning disable CA5350 // The standard's choice; nothing is kept secret with it.
        return Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
    }

    private async Task CopyUpAsync()
    {
        while (true)
        {
            _ = await _client.ReadAsync(Memory<byte>.Empty, _attempt.Cancellation);
            var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
            try
            {
                var count = await _client.ReadAsync(buffer, _attempt.Cancellation);
                if (count == 0)
                    break;

                // Before they are anybody's: who holds them finds them counted.
                _attempt.AddRequestBytes(count);
                await _connection.WriteTunnelAsync(buffer.AsMemory(0, count));
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }

            _attempt.Progress();
        }

        _connection.ShutdownSend();
    }

    private async Task CopyDownAsync()
    {
        while (true)
        {
            _ = await _connection.ReadTunnelAsync(Memory<byte>.Empty);
            var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
            try
            {
                var count = await _connection.ReadTunnelAsync(buffer);
                if (count == 0)
                    break;
                _attempt.AddResponseBytes(count);
                await _client.WriteAsync(buffer.AsMemory(0, count), _attempt.Cancellation);
                await _client.FlushAsync(_attempt.Cancellation);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }

            _attempt.Progress();
        }

        await EndDownAsync();
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
