using System.Net;
using System.Net.Sockets;
using ParentProxy.Configuration;
using ParentProxy.Endpoints;
using ParentProxy.Sockets;
using ParentProxy.Vsock;

namespace ParentProxy.Enclaves.Transports;

/// <summary>Dials every transport; asynchronous on the event loops.</summary>
internal sealed class EnclaveDialer : IEnclaveDialer
{
    private readonly VsockConnectOptions _vsock;
    private readonly TimeProvider _time;

    /// <summary>Takes what is the same for every dial.</summary>
    /// <param name="options">The section <c>Vsock</c>.</param>
    /// <param name="time">The clock of the time-outs.</param>
    public EnclaveDialer(VsockOptions options, TimeProvider time)
    {
        _time = time;
        _vsock = new VsockConnectOptions
        {
            ToHost = options.ToHost switch
            {
                ToHostMode.Always => true,
                ToHostMode.Never => false,
                _ => VsockHostRouting.IsToHostNeeded(),
            },
            BufferBytes = options.BufferBytes,
            MaxWriteBytes = options.MaxWriteBytes,
        };
    }

    /// <inheritdoc/>
    public async Task<EnclaveStream> DialAsync(EnclaveEndpoint endpoint, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            // The kernel answers at once: there is nothing to wait for.
            if (endpoint.Transport == EnclaveTransport.Unix)
                return await DialUnixAsync(endpoint, cancellationToken);
            using var deadline = new CancellationTokenSource(timeout, _time);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
            return endpoint.Transport switch
            {
                EnclaveTransport.Vsock => await DialVsockAsync(endpoint, timeout, linked.Token),
                EnclaveTransport.Tcp => await DialTcpAsync(endpoint, timeout, linked.Token),
                _ => await DialHybridAsync(endpoint, linked.Token),
            };
        }
        catch (VsockException ex)
        {
            throw DialException.From(endpoint, ex);
        }
        catch (SocketException ex)
        {
            throw DialException.From(endpoint, ex);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw DialException.TimedOut(endpoint, timeout);
        }
    }

    private async Task<EnclaveStream> DialVsockAsync(EnclaveEndpoint endpoint, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var remote = new VsockEndPoint(endpoint.Cid, endpoint.Port);
        var options = EnclaveStream.VsockOptions(remote, _vsock.MaxWriteBytes, _time);
        return new EnclaveStream(await VsockClient.ConnectAsync(
            remote,
            _vsock with { ConnectTimeout = timeout },
            (socket, target, token) => LoopSocket.ConnectAsync(socket, target, options, token),
            cancellationToken));
    }

    private static async Task<EnclaveStream> DialUnixAsync(EnclaveEndpoint endpoint, CancellationToken cancellationToken) =>
        await ConnectAsync(new UnixDomainSocketEndPoint(endpoint.Path), ProtocolType.Unspecified, cancellationToken);

    private static async Task<EnclaveStream> DialHybridAsync(EnclaveEndpoint endpoint, CancellationToken cancellationToken)
    {
        var stream = await DialUnixAsync(endpoint, cancellationToken);
        try
        {
            await HybridHandshake.ConnectAsync(stream, endpoint, cancellationToken);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private async Task<EnclaveStream> DialTcpAsync(EnclaveEndpoint endpoint, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        var addresses = IPAddress.TryParse(endpoint.Host, out var literal)
            ? [literal]
            : await System.Net.Dns.GetHostAddressesAsync(endpoint.Host, cancellationToken);
        if (addresses.Length == 0)
            throw new SocketException((int)SocketError.HostNotFound);

        for (var i = 0; ; i++)
        {
            var last = i == addresses.Length - 1;

            // One address that swallows packets must not use up the time of those behind it.
            var share = (timeout - _time.GetElapsedTime(started)) / (addresses.Length - i);
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            try
            {
                if (!last)
                    patience.CancelAfter(share > TimeSpan.Zero ? share : TimeSpan.Zero);
                return await ConnectAsync(new IPEndPoint(addresses[i], (int)endpoint.Port), ProtocolType.Tcp, patience.Token);
            }
            catch (SocketException) when (!last)
            {
            }
            catch (OperationCanceledException) when (!last && !cancellationToken.IsCancellationRequested)
            {
            }
        }
    }

    private static async Task<EnclaveStream> ConnectAsync(EndPoint endPoint, ProtocolType protocol, CancellationToken cancellationToken)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, protocol);
        try
        {
            if (protocol == ProtocolType.Tcp)
                socket.NoDelay = true;
            return new EnclaveStream(await LoopSocket.ConnectAsync(socket, endPoint, EnclaveStream.SocketOptions, cancellationToken));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
