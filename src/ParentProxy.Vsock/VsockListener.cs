using System.Net.Sockets;

namespace ParentProxy.Vsock;

/// <summary>Accepts vsock connections on one address.</summary>
public sealed class VsockListener : IAsyncDisposable
{
    private readonly Socket _socket;
    private readonly VsockListenOptions _options;
    private volatile bool _disposed;

    private VsockListener(Socket socket, VsockEndPoint localEndPoint, VsockListenOptions options)
    {
        _socket = socket;
        LocalEndPoint = localEndPoint;
        _options = options;
    }

    /// <summary>The address that is listened on; a port left to the kernel is resolved.</summary>
    public VsockEndPoint LocalEndPoint { get; }

    /// <summary>Binds and starts to listen.</summary>
    /// <param name="endPoint">
    /// CID <see cref="VsockCid.Any"/> or one of this machine; port <see cref="VsockEndPoint.AnyPort"/> for a free one.
    /// </param>
    /// <param name="options">Backlog and sizes; the defaults when null.</param>
    /// <exception cref="VsockException">
    /// The address cannot be had: EADDRINUSE (taken), EACCES (port below 1024 without CAP_NET_BIND_SERVICE), EADDRNOTAVAIL (not a
    /// CID of this machine), EAFNOSUPPORT or EPERM (no AF_VSOCK here).
    /// </exception>
    public static VsockListener Bind(VsockEndPoint endPoint, VsockListenOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        options ??= new VsockListenOptions();
        Socket socket = VsockSocket.Create(endPoint);
        string step = "bind";
        try
        {
            VsockSocket.SetBufferBytes(socket, options.BufferBytes, endPoint);
            socket.Bind(endPoint);
            step = "listen";
            socket.Listen(options.Backlog);
            return new VsockListener(socket, socket.LocalEndPoint as VsockEndPoint ?? endPoint, options);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new VsockException(FindErrno(e, step, endPoint), step, endPoint, e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Waits for the next connection.</summary>
    /// <param name="cancellationToken">Gives the wait up.</param>
    /// <returns>The connection, which the caller owns; null once the listener is disposed, also for a wait that was under way.</returns>
    /// <exception cref="VsockException">Accepting failed: EMFILE, ENOBUFS and the like. The listener goes on listening.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<VsockStream?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_disposed)
            return null;

        Socket? socket = null;
        try
        {
            socket = await _socket.AcceptAsync(cancellationToken).ConfigureAwait(false);
            return new VsockStream(
                socket,
                socket.LocalEndPoint as VsockEndPoint,
                socket.RemoteEndPoint as VsockEndPoint,
                _options.MaxWriteBytes,
                _options.TimeProvider);
        }
        catch (Exception e) when (_disposed && e is SocketException or ObjectDisposedException)
        {
            socket?.Dispose();
            return null;
        }
        catch (SocketException e)
        {
            socket?.Dispose();
            throw new VsockException(Errno.FromSocketError(e.SocketErrorCode), "accept", LocalEndPoint, e);
        }
    }

    /// <summary>Stops listening at once; connections that were accepted stay, those that still wait are reset.</summary>
    public ValueTask DisposeAsync()
    {
        _disposed = true;
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    // The runtime folds EPERM into EACCES and loses what it has no name for; bind(2) tells again and is without side effects on a
    // fresh descriptor. Should it succeed now, the first answer is all there is.
    private static Errno FindErrno(SocketException e, string step, VsockEndPoint endPoint)
    {
        Errno told = Errno.FromSocketError(e.SocketErrorCode);
        return step == "bind" && (told == Errno.Unknown || told == Errno.EACCES) ? VsockSocket.ProbeBind(endPoint) ?? told : told;
    }
}
