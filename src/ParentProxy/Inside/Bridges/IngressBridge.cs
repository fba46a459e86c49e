using System.Buffers;
using System.Net;
using System.Net.Sockets;
using ParentProxy.Configuration;
using ParentProxy.ProxyProtocol;
using ParentProxy.Sockets;

namespace ParentProxy.Inside.Bridges;

/// <summary>The parent's connections to the application, with the PROXY protocol on either side.</summary>
/// <param name="options">The entry of <c>Enclave:Ingress</c>.</param>
/// <param name="context">What bridges share.</param>
internal sealed class IngressBridge(InsideIngressOptions options, BridgeContext context)
    : Bridge(options.Listen, options.To, "Enclave:Ingress", options.Listen.Text, context)
{
    private const int FirstBytes = 4096;
    private const string MissingCode = "proxy_protocol";

    private readonly ProxyProtocolOptions _proxy = options.ProxyProtocol;

    /// <inheritdoc/>
    public override bool LeadsInside => true;

    /// <inheritdoc/>
    public override ValueTask<byte[]?> BeginAsync(BridgeConnection connection, CancellationToken cut)
    {
        var isTrusted = MayTell(connection.Peer);
        if (_proxy.Accept == ProxyProtocolAccept.Required && !isTrusted)
            throw Refused("it is none of ProxyProtocol:TrustedSources, whose headers are required.");

        // Vsock and unix sockets have no addresses that could be told.
        return isTrusted || (_proxy.Send != ProxyProtocolSend.None && connection.Peer is not null)
            ? ReadAsync(connection, isTrusted, cut)
            : new ValueTask<byte[]?>(Header(new ProxyHeader(null, null, default)));
    }

    /// <summary>
    /// Nobody but the parent reaches a vsock of an enclave, and who reaches a unix socket is a matter of its file's permissions.
    /// </summary>
    private bool MayTell(IPEndPoint? peer) => _proxy.Accept != ProxyProtocolAccept.None && (peer is null || _proxy.Trusts(peer));

    private async ValueTask<byte[]?> ReadAsync(BridgeConnection connection, bool isTrusted, CancellationToken cut)
    {
        using var front = connection.Borrow();
        var (header, behind) = isTrusted ? await ReadHeaderAsync(front.Socket, cut) : (null, []);
        var told = Header(header ?? new ProxyHeader(connection.Peer, front.LocalEndPoint, default));
        return told is null ? behind : [.. told, .. behind];
    }

    private async ValueTask<(ProxyHeader? Header, byte[] Behind)> ReadHeaderAsync(LoopSocket socket, CancellationToken cut)
    {
        var isRequired = _proxy.Accept == ProxyProtocolAccept.Required;
        var buffer = ArrayPool<byte>.Shared.Rent(FirstBytes);
        using var patience = new CancellationTokenSource(Context.Options.ConnectTimeout, Context.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cut, patience.Token);
        var length = 0;
        var isOver = false;
        try
        {
            while (true)
            {
                if (ExpectedHeader.TryDecide(
                    buffer.AsSpan(0, length), isRequired, isOver, out var header, out var consumed, out var refusal))
                {
                    return refusal is null ? (header, buffer[consumed..length]) : throw Refused($"{refusal}.");
                }

                // The parser refuses what is longer than the buffer.
                var count = await socket.ReceiveAsync(buffer.AsMemory(length), both.Token);
                isOver = count == 0;
                length += count;
                if (isOver && length == 0)
                    throw new SocketException((int)SocketError.Disconnecting);
            }
        }
        catch (OperationCanceledException) when (!cut.IsCancellationRequested)
        {
            // Where the application speaks first, a client without a header has nothing to say yet.
            return length == 0 && !isRequired
                ? (null, [])
                : throw Refused($"its PROXY header did not come within Enclave:ConnectTimeout; {length} bytes did.");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>What the application is told; null for nothing.</summary>
    private byte[]? Header(ProxyHeader header) => _proxy.Send switch
    {
        ProxyProtocolSend.V1 => ProxyHeaderWriter.Write(ProxyProtocolVersion.V1, header),
        ProxyProtocolSend.V2 => ProxyHeaderWriter.Write(ProxyProtocolVersion.V2, header),
        _ => null,
    };

    private static BridgeException Refused(string reason) => new(BridgeResult.Header, MissingCode, reason);
}
