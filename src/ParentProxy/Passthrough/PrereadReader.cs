using System.Buffers;
using System.Net;
using System.Net.Sockets;
using ParentProxy.Configuration;
using ParentProxy.ProxyProtocol;
using ParentProxy.Sockets;
using ParentProxy.Tls;

namespace ParentProxy.Passthrough;

/// <summary>
/// Reads what has to be known before an enclave is chosen, a PROXY header and a ClientHello, with limits of size and time. What
/// it has read goes to the enclave afterwards, the header aside.
/// </summary>
/// <param name="routes">What is to be read.</param>
/// <param name="time">The clock of <c>PrereadTimeout</c>.</param>
internal sealed class PrereadReader(PassthroughRoutes routes, TimeProvider time)
{
    private const int FirstBytes = 4096;
    private const int MaxBytes = ProxyHeaderParser.MaxBytes + ClientHelloParser.MaxBytes;

    /// <summary>Reads until all is known that has to be.</summary>
    /// <param name="socket">The client's.</param>
    /// <param name="peer">The other end of it.</param>
    /// <param name="stopping">Gives up, with <see cref="OperationCanceledException"/>.</param>
    /// <returns>What came; null when the client ended the connection before anything was decided.</returns>
    /// <exception cref="PrereadException">The connection is to be closed.</exception>
    /// <exception cref="SocketException">The client's connection broke.</exception>
    public async ValueTask<Preread?> ReadAsync(LoopSocket socket, EndPoint? peer, CancellationToken stopping)
    {
        var proxy = routes.Options.ProxyProtocol;
        var isTrusted = proxy.MayTell(peer);
        if (proxy.Accept == ProxyProtocolAccept.Required && !isTrusted)
            throw Refused("it is none of ProxyProtocol:TrustedSources, whose headers are required");
        if (!isTrusted && !routes.ReadsServerName)
            return Preread.Nothing;

        using var deadline = new CancellationTokenSource(routes.Options.PrereadTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, deadline.Token);
        var buffer = ArrayPool<byte>.Shared.Rent(FirstBytes);
        var length = 0;
        try
        {
            while (true)
            {
                if (TryDecide(buffer.AsSpan(0, length), isTrusted, isOver: false) is { } decided)
                    return decided;
                if (length == buffer.Length)
                    buffer = Grown(buffer);
                var count = await socket.ReceiveAsync(buffer.AsMemory(length), either.Token);
                if (count == 0)
                    return length == 0 ? null : TryDecide(buffer.AsSpan(0, length), isTrusted, isOver: true);
                length += count;
            }
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            // Where the server speaks first, a client without a header has nothing to say yet.
            if (length == 0 && !routes.ReadsServerName && proxy.Accept == ProxyProtocolAccept.Optional)
                return Preread.Nothing;
            var missing = routes.ReadsServerName ? "its ClientHello" : "its PROXY header";
            throw new PrereadException(
                PassthroughRefusal.PrereadTimeout, $"{missing} did not come within PrereadTimeout; {length} bytes did");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Null when more has to come.</summary>
    /// <param name="received">What has come.</param>
    /// <param name="mayHaveHeader">Whether a header would be believed.</param>
    /// <param name="isOver">Whether nothing more will come: what is incomplete then is what the client has to say.</param>
    private Preread? TryDecide(ReadOnlySpan<byte> received, bool mayHaveHeader, bool isOver)
    {
        ProxyHeader? header = null;
        if (mayHaveHeader)
        {
            var isRequired = routes.Options.ProxyProtocol.Accept == ProxyProtocolAccept.Required;
            if (!ExpectedHeader.TryDecide(received, isRequired, isOver, out header, out var consumed, out var refusal))
                return null;
            if (refusal is not null)
                throw Refused(refusal);
            received = received[consumed..];
        }

        if (!routes.ReadsServerName)
            return new Preread(header, null, received.ToArray());
        switch (ClientHelloParser.Parse(received, out var hello, out var wrong))
        {
            case ClientHelloStatus.Incomplete when !isOver:
                return null;
            case ClientHelloStatus.Malformed:
                throw new PrereadException(PassthroughRefusal.ClientHello, $"its ClientHello is malformed: {wrong}");
            default:
                return new Preread(header, hello, received.ToArray());
        }
    }

    private static byte[] Grown(byte[] buffer)
    {
        // The parsers refuse what is longer before that.
        var larger = ArrayPool<byte>.Shared.Rent(Math.Min(buffer.Length * 2, MaxBytes + 1));
        if (larger.Length <= buffer.Length)
            throw new PrereadException(PassthroughRefusal.ClientHello, $"what it sent first is longer than {MaxBytes} bytes");
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    private static PrereadException Refused(string detail) => new(PassthroughRefusal.ProxyProtocol, detail);
}
