using System.Net;
using System.Net.Sockets;

namespace ParentProxy.Vsock;

/// <summary>Dials AF_VSOCK addresses, on a fresh socket each time.</summary>
public static class VsockClient
{
    // The managed deadline should win, because it is exact and tells itself apart; the kernel's is the net below it.
    private static readonly TimeSpan KernelReserve = TimeSpan.FromSeconds(1);

    /// <summary>Connects to <paramref name="endPoint"/> without blocking a thread.</summary>
    /// <param name="endPoint">The address to dial.</param>
    /// <param name="options">Deadline, routing and sizes.</param>
    /// <param name="cancellationToken">Gives the attempt up.</param>
    /// <returns>The connected stream, which the caller owns.</returns>
    /// <exception cref="VsockException">
    /// The attempt failed. <see cref="VsockException.Errno"/> is ECONNRESET when nobody listens or the backlog is full, ENODEV when
    /// no transport leads to the CID, ETIMEDOUT when nothing answered within the deadline. Nothing was sent, so dialling again is safe.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; no descriptor stays behind.</exception>
    public static Task<VsockStream> ConnectAsync(
        VsockEndPoint endPoint, VsockConnectOptions options, CancellationToken cancellationToken) =>
        ConnectAsync(
            endPoint,
            options,
            async (socket, target, token) =>
            {
                await socket.ConnectAsync(target, token).ConfigureAwait(false);
                var local = socket.LocalEndPoint as VsockEndPoint;
                return new VsockStream(socket, local, endPoint, options.MaxWriteBytes, options.TimeProvider);
            },
            cancellationToken);

    /// <summary>Connects a socket that something else than the runtime waits for; what writes to it keeps to the sizes.</summary>
    /// <typeparam name="T">What the socket becomes.</typeparam>
    /// <param name="endPoint">The address to dial.</param>
    /// <param name="options">Deadline and routing.</param>
    /// <param name="connect">Connects a socket, and takes it over when that succeeds.</param>
    /// <param name="cancellationToken">Gives the attempt up.</param>
    internal static async Task<T> ConnectAsync<T>(
        VsockEndPoint endPoint,
        VsockConnectOptions options,
        Func<Socket, EndPoint, CancellationToken, ValueTask<T>> connect,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        ArgumentNullException.ThrowIfNull(options);
        cancellationToken.ThrowIfCancellationRequested();

        VsockEndPoint target = options.ToHost
            ? new VsockEndPoint(endPoint.Cid, endPoint.Port) { Flags = (byte)(endPoint.Flags | VsockEndPoint.ToHostFlag) }
            : endPoint;

        using var deadline = new CancellationTokenSource(options.ConnectTimeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);

        // One socket per attempt: after a failed connect the runtime cannot make a replacement handle for a family that it does
        // not know, and a second ConnectAsync would leave a socket whose Dispose never returns.
        Socket socket = VsockSocket.Create(endPoint);
        try
        {
            VsockSocket.SetBufferBytes(socket, options.BufferBytes, endPoint);
            VsockSocket.SetConnectTimeout(socket, options.ConnectTimeout + KernelReserve, endPoint);
            return await connect(socket, target, either.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            socket.Dispose();
            Exception explained = ConnectFailure.Explain(
                e, endPoint, deadline.IsCancellationRequested, () => VsockSocket.ProbeConnect(target), cancellationToken);
            if (ReferenceEquals(explained, e))
                throw;

            throw explained;
        }
    }
}
