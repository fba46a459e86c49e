using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Ingress.Kestrel.Refusals;
using ParentProxy.Runtime;
using ParentProxy.Sockets;
using ParentProxy.Vsock;

namespace ParentProxy.Ingress.Kestrel;

/// <summary>One public listener.</summary>
internal sealed class IngressListener : IConnectionListener
{
    private const int Backlog = 4096;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>What a handshake takes that has begun: far above a round trip to a load balancer.</summary>
    private static readonly TimeSpan Handshake = TimeSpan.FromMilliseconds(50);

    private readonly Socket _socket;
    private UnixSocketFile? _file;
    private readonly ActiveConfiguration _configuration;
    private readonly OpenConnections _open;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Action _onClosed;
    private readonly Action _onChanged;
    private readonly Obstacle _obstacle;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TimeSpan _pause = FirstPause;
    private long? _said;
    private int _connections;
    private long _rejected;
    private volatile string? _fault;

    /// <summary>Listens on a bound socket, which it owns, and with it its file where it has one.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="file">The file that binding it made; null where there is none.</param>
    /// <param name="configuration">What is in effect.</param>
    /// <param name="open">Where it is listed while it is open.</param>
    /// <param name="onChanged">Runs when <see cref="Refusal"/> comes or goes.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    public IngressListener(Socket socket, UnixSocketFile? file, ActiveConfiguration configuration, OpenConnections open, Action onChanged, TimeProvider time, ILogger logger)
    {
        _socket = socket;
        _file = file;
        _configuration = configuration;
        _open = open;
        _time = time;
        _logger = logger;
        _onClosed = () => Interlocked.Decrement(ref _connections);
        _onChanged = onChanged;
        _obstacle = new Obstacle(WouldRefuse, onChanged, OnAcceptingAgain, time);
        socket.Listen(Backlog);
        EndPoint = socket.LocalEndPoint!;
    }

    /// <inheritdoc/>
    public EndPoint EndPoint { get; }

    /// <summary>Whether the port is open and somebody takes what comes in, if not at this moment.</summary>
    public bool IsOpen => !_stopped.Task.IsCompleted && _fault is null;

    /// <summary>Why a new connection is not let in; null while it is.</summary>
    public string? Refusal => _fault ?? (_stopping.IsCancellationRequested || _stopped.Task.IsCompleted ? "the port is closed" : _obstacle.Text);

    private string Name => EndPoint.ToString() ?? "";

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
                        SayDescriptorsUsedUp();
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
                    SayAcceptFailed(ex.SocketErrorCode);
                await PauseAsync();
            }
            catch (SocketException)
            {
                // That connection was gone before it was accepted; the next one has nothing to do with it.
            }
            catch (Exception ex)
            {
                // Kestrel writes it down and does not ask again: clients that connect from now on wait for ever.
                _fault = $"accepting ended by a fault of this program ({ex.GetType().Name}: {ex.Message}); restart the service";
                _onChanged();
                throw;
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

        // Nobody accepts any more who could see that.
        if (_fault is not null)
            Close();
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
                IngressLog.ConnectionRejected(_logger, Name, limit, rejected);
            _obstacle.Meet($"{limit} connections are open, which is Limits:MaxConnections; further ones are closed at once");
            return null;
        }

        if (socket.LocalEndPoint is IPEndPoint)
            socket.NoDelay = true;
        var connection = new ClientConnection(socket, _onClosed) { Disposed = _open.Remove };
        _open.Add(connection);
        return connection;
    }

    private void SayDescriptorsUsedUp()
    {
        var limit = OpenFileLimit.Current();
        IngressLog.DescriptorsUsedUp(_logger, Name, DescriptorReserve.Clients.Size, limit);
        _obstacle.Meet($"no descriptors left: {ProcessStatus.OpenDescriptors()} open of {limit}, the last {DescriptorReserve.Clients.Size} are kept for the process itself (EMFILE)");
    }

    private void SayAcceptFailed(SocketError error)
    {
        // The runtime has one name for the process's limit and the machine's; the process keeps a reserve.
        var errno = error == SocketError.TooManyOpenSockets && !DescriptorReserve.Clients.IsNext(_socket.SafeHandle)
            ? Errno.ENFILE
            : Errno.FromSocketError(error);
        IngressLog.AcceptFailed(_logger, Name, errno.Name);
        _obstacle.Meet($"accept fails: {errno.Name} ({errno.Description})");
    }

    private void OnAcceptingAgain(string text, TimeSpan lasted)
    {
        IngressLog.AcceptingAgain(_logger, Name, lasted, text);
        _onChanged();
    }

    private bool WouldRefuse()
    {
        try
        {
            return Connections >= _configuration.Options.Limits.MaxConnections || DescriptorReserve.Clients.IsNext(_socket.SafeHandle);
        }
        catch (ObjectDisposedException)
        {
            // The port has been closed meanwhile.
            return false;
        }
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
        Interlocked.Exchange(ref _file, null)?.Remove();
        _socket.Dispose();
        _obstacle.Dispose();
        _stopped.TrySetResult();
    }
}
