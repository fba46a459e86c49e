using System.Net.Sockets;
using ParentProxy.Runtime;
using ParentProxy.Sockets;
using ParentProxy.Vsock;

namespace ParentProxy.Egress;

/// <summary>
/// Connects to a vsock listener of this program now and then: on some kernels one goes deaf for good (CVE-2026-46214), and neither
/// <c>accept</c> nor epoll says so. Only where the loopback transport is loaded, through which this machine reaches itself at CID 1.
/// </summary>
internal sealed class EgressSelfCheck : IAsyncDisposable
{
    private const string Loopback = "/sys/module/vsock_loopback";

    /// <summary>After how many failures in a row the socket is made anew.</summary>
    private const int MaxFailures = 2;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly uint _port;
    private readonly Action<int, Errno> _deaf;
    private readonly Action _heard;
    private readonly Func<bool> _isHampered;
    private readonly TimeProvider _time;
    private readonly BackgroundLoop _checking;
    private volatile Check? _current;
    private volatile string? _fault;
    private int _isDisposed;

    /// <summary>Begins with the first check after a while.</summary>
    /// <param name="port">The port that is listened on.</param>
    /// <param name="isHampered">Whether it takes no connections for a reason that is known: then nothing is tried.</param>
    /// <param name="deaf">Told how many checks in a row failed, and how, when that is too many.</param>
    /// <param name="heard">Told when a check went well.</param>
    /// <param name="onFault">Told of a fault of this program.</param>
    /// <param name="time">The clock.</param>
    public EgressSelfCheck(
        uint port, Func<bool> isHampered, Action<int, Errno> deaf, Action heard, Action<Exception> onFault, TimeProvider time)
    {
        (_port, _isHampered, _deaf, _heard, _time) = (port, isHampered, deaf, heard, time);
        _checking = new BackgroundLoop(onFault);
        _checking.Start(RunAsync);
    }

    /// <summary>Why the listener does not hear, as far as is known; null while it does.</summary>
    public string? Fault => _fault;

    /// <summary>Whether a connection that was accepted is the check's, which is over with it.</summary>
    public bool TryTake(VsockEndPoint remote)
    {
        if (remote.Cid != VsockCid.Local || _current is not { } check || check.Port != remote.Port)
            return false;
        check.Heard.TrySetResult();
        return true;
    }

    /// <summary>Ends it; once more it does nothing.</summary>
    public ValueTask DisposeAsync() => Interlocked.Exchange(ref _isDisposed, 1) == 0 ? _checking.DisposeAsync() : ValueTask.CompletedTask;

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        while (true)
        {
            await Task.Delay(Interval, _time, cancellationToken);
            if (_isHampered() || !Directory.Exists(Loopback))
            {
                (failures, _fault) = (0, null);
                continue;
            }

            var errno = await CheckAsync(cancellationToken);
            if (_isHampered())
                continue;
            failures = errno is null ? 0 : failures + 1;
            _fault = failures < MaxFailures ? null : $"connections to it from this machine fail ({errno!.Value.Name}); it was opened anew";
            if (failures == 0)
                _heard();
            else if (failures >= MaxFailures)
                _deaf(failures, errno!.Value);
        }
    }

    /// <summary>Null when the connection was accepted.</summary>
    private async Task<Errno?> CheckAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        var target = new VsockEndPoint(VsockCid.Local, _port);
        Socket? socket = null;
        try
        {
            // Bound first, so that the listener knows it by its port however soon it is accepted.
            socket = VsockSocket.Create(target);
            socket.Bind(new VsockEndPoint(VsockCid.Local, VsockEndPoint.AnyPort));
            var check = new Check(((VsockEndPoint)socket.LocalEndPoint!).Port);
            _current = check;
            using var connection = await LoopSocket.ConnectAsync(socket, target, null, both.Token);
            await check.Heard.Task.WaitAsync(both.Token);
            return null;
        }
        catch (SocketException ex)
        {
            return Errno.FromSocketError(ex.SocketErrorCode);
        }
        catch (VsockException ex)
        {
            return ex.Errno;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Errno.ETIMEDOUT;
        }
        finally
        {
            _current = null;
            socket?.Dispose();
        }
    }

    private sealed record Check(uint Port)
    {
        public TaskCompletionSource Heard { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
