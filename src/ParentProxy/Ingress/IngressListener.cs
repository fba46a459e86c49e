using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Ingress.Refusals;
using ParentProxy.Sockets;
using ParentProxy.Vsock;

namespace ParentProxy.Ingress;

/// <summary>One public listener.</summary>
internal sealed class IngressListener : IConnectionListener
{
    private const int Backlog = 4096;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>What a handshake takes that has begun: far above a round trip to a load balancer.</summary>
    private static readonly TimeSpan Handshake = TimeSpan.FromMilliseconds(50);

    private readonly Socket _socket;
    private readonly ActiveConfiguration _configuration;
    private readonly OpenConnections _open;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Action _onClosed;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TimeSpan _pause = FirstPause;
    private long? _said;
    private int _connections;
    private long _rejected;

    /// <summary>Listens on a bound socket, which it owns.</summary>
    public IngressListener(Socket socket, ActiveConfiguration configuration, OpenConnections open, TimeProvider time, ILogger logger)
    {
        _socket = socket;
        _configuration = configuration;
        _open = open;
        _time = time;
        _logger = logger;
        _onClosed = () => Interlocked.Decrement(ref _connections);
        socket.Listen(Backlog);
        EndPoint = socket.LocalEndPoint!;
    }

    /// <inheritdoc/>
    public EndPoint EndPoint { get; }

    /// <summary>Whether the port is open.</summary>
    public bool IsAccepting => !_stopped.Task.IsCompleted;

    /// <summary>Connections that are open.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Connections that were closed at once because <c>Limits:MaxConnections</c> were open.</summary>
    public long Rejected => Volatile.Read(ref _rejected);

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                if (!_stopping.IsCancellationRequested && DescriptorReserve.Clients.IsNext(_socket.SafeHandle))
                {
                    if (IsTimeToSaySo())
                        IngressLog.DescriptorsUsedUp(_logger, EndPoint.ToString() ?? "", DescriptorReserve.Clients.Size, OpenFileLimit.Current());
                    await PauseAsync();
                    continue;
                }

                var socket = _stopping.IsCancellationRequested ? AcceptQueued() : await _socket.AcceptAsync(_stopping.Token);
                if (socket is null)
                {
                    Close();
                    return null;
                }

                _pause = FirstPause;
                if (Admit(socket) is { } connection)
                    return connection;
            }
            catch (OperationCanceledException)
            {
                // Stopping: once more round, for what the queue still holds.
            }
            catch (ObjectDisposedException)
            {
                return null;
            }
            catch (SocketException ex) when (ex.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable or SocketError.SocketError)
            {
                // Until a descriptor (or memory, which the runtime has no name for) is free every accept fails at once; to try
                // again at once would burn a core.
                if (IsTimeToSaySo())
                    IngressLog.AcceptFailed(_logger, EndPoint.ToString() ?? "", Errno.FromSocketError(ex.SocketErrorCode).Name);
                await PauseAsync();
            }
            catch (SocketException)
            {
                // That connection was gone before it was accepted; the next one has nothing to do with it.
            }
        }
    }

    /// <summary>
    /// Closes the port. A connection that is still in the accept queue would be reset by that, and with it the request that
    /// its client has sent by then: first nobody new is let into the queue, then it is emptied. What was accepted goes on.
    /// </summary>
    public async Task StopAcceptingAsync()
    {
        if (SynFilter.TryAttach(_socket))
            await Task.Delay(Handshake, _time);
        await _stopping.CancelAsync();
        await _stopped.Task;
    }

    /// <inheritdoc/>
    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        await _stopping.CancelAsync();
        Close();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    private Socket? AcceptQueued()
    {
        try
        {
            return _socket.Poll(0, SelectMode.SelectRead) ? _socket.Accept() : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private ClientConnection? Admit(Socket socket)
    {
        var limit = _configuration.Options.Limits.MaxConnections;
        if (Interlocked.Increment(ref _connections) > limit)
        {
            Interlocked.Decrement(ref _connections);
            socket.Dispose();
            var rejected = Interlocked.Increment(ref _rejected);

            // A flood of connections must not become a flood of log lines.
            if ((rejected & (rejected - 1)) == 0)
                IngressLog.ConnectionRejected(_logger, EndPoint.ToString() ?? "", limit, rejected);
            return null;
        }

        if (socket.LocalEndPoint is IPEndPoint)
            socket.NoDelay = true;
        var connection = new ClientConnection(socket, _onClosed) { Disposed = _open.Remove };
        _open.Add(connection);
        return connection;
    }

    /// <summary>Where connections come and go at the limit there would be a line for each of them.</summary>
    private bool IsTimeToSaySo()
    {
        var now = _time.GetTimestamp();
        if (_said is { } said && _time.GetElapsedTime(said, now) < LongestPause)
            return false;
        _said = now;
        return true;
    }

    private async Task PauseAsync()
    {
        try
        {
            await Task.Delay(_pause, _time, _stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // Stopping ends the pause.
        }

        _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
    }

    private void Close()
    {
        _socket.Dispose();
        _stopped.TrySetResult();
    }
}
