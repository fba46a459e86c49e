using System.Net;
using System.Net.Sockets;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Sockets;

namespace ParentProxy.Inside.Bridges;

/// <summary>
/// A connection that was accepted: what is done before, the dial, the relay, and the account of it. Runs on one event loop. An idle one
/// is this object and its relay, and nothing else.
/// </summary>
internal sealed class BridgeConnection : ISocketRelayOwner, IWatchedRelay<BridgeConnection>
{
    /// <summary>In the place of a <see cref="BridgeResult"/>.</summary>
    private const int None = -1;

    private readonly EventLoop _loop = EventLoop.InTurn();
    private readonly long _accepted;
    private Descriptor? _front;
    private SocketRelay? _relay;
    private long _accountedForward;
    private long _accountedBack;
    private int _cause = None;
    private int _isAccounting;

    /// <summary>Takes over a connection that was accepted.</summary>
    /// <param name="accepted">Its descriptor, and who is at the other end.</param>
    /// <param name="listener">Where it was.</param>
    public BridgeConnection(AcceptedDescriptor accepted, BridgeListener listener)
    {
        _front = accepted.Descriptor;
        Peer = accepted.Peer;
        Listener = listener;
        _accepted = Context.Time.GetTimestamp();
    }

    /// <summary>Where it was accepted.</summary>
    public BridgeListener Listener { get; }

    /// <summary>Who has connected; null but on TCP.</summary>
    public IPEndPoint? Peer { get; }

    /// <inheritdoc/>
    public BridgeConnection? Next { get; set; }

    /// <inheritdoc/>
    public BridgeConnection? Previous { get; set; }

    private Bridge Bridge => Listener.Bridge;

    private BridgeContext Context => Bridge.Context;

    /// <summary>Begins, on its event loop.</summary>
    public void Start()
    {
        if (EventLoop.Current == _loop)
            _ = RunAsync();
        else
            _loop.Post(static self => _ = ((BridgeConnection)self!).RunAsync(), this);
    }

    /// <summary>What was accepted, for who reads or writes before bytes are carried; to be disposed of before that.</summary>
    /// <exception cref="SocketException">It is gone.</exception>
    public BorrowedFront Borrow() => new(TakeFront(), _loop, front => _front = front);

    /// <summary>Closes what was accepted once its peer has read everything, or a second later.</summary>
    public Task CloseDeliveredAsync() => LoopSocket.LingerAsync(TakeFront().ToSocket(), Context.Time);

    /// <summary>Ends it for a reason of ours. May be called by any thread, and more than once: the first reason counts.</summary>
    public void Close(BridgeResult cause)
    {
        Interlocked.CompareExchange(ref _cause, (int)cause, None);
        Volatile.Read(ref _relay)?.Close();
    }

    /// <summary>Looks whether a time-out has passed, and accounts for what was carried. Called by the watch.</summary>
    public void Check(long now)
    {
        if (Volatile.Read(ref _relay) is not { } relay)
            return;
        Account(relay, isLast: false);
        var options = Context.Options;
        var quiet = Context.Time.GetElapsedTime(relay.LastProgress, now);
        if (quiet >= options.IdleTimeout || (quiet >= options.HalfCloseTimeout && relay.IsHalfClosed))
            Close(BridgeResult.Idle);
    }

    /// <inheritdoc/>
    public bool MayStartOver() => false;

    /// <inheritdoc/>
    public void OnEnded()
    {
        var relay = _relay!;
        Account(relay, isLast: true);
        if (relay.Fault is { } fault)
        {
            BridgeLog.Fault(Context.Logger, Bridge, fault);
            _cause = (int)BridgeResult.Fault;
        }

        Over(_cause != None ? (BridgeResult)_cause : relay.Broken is null ? BridgeResult.Ok : BridgeResult.Reset);
    }

    private async Task RunAsync()
    {
        try
        {
            var first = await Bridge.BeginAsync(this, Listener.Cut);
            var other = await Bridge.DialAsync(Listener.Cut);
            try
            {
                await Bridge.AgreeAsync(this, other, Listener.Cut);
            }
            catch
            {
                other.Abort();
                throw;
            }

            Carry(other, first);
        }
        catch (BridgeException ex)
        {
            Refuse(ex.Result, ex.Code, ex.Message);
        }
        catch (DialException ex)
        {
            await TellAsync(ex);
            Refuse(BridgeResults.Of(ex.Code), ex.Code, BridgeAdvice.For(ex, Bridge.LeadsInside));
        }
        catch (OperationCanceledException)
        {
            End(BridgeResult.Cut);
        }
        catch (SocketException)
        {
            // Whoever had connected is gone.
            End(BridgeResult.Left);
        }
        catch (Exception ex)
        {
            Fail(ex);
        }
    }

    private void Carry(EnclaveStream other, byte[]? first)
    {
        var (back, options, _) = other.Release();
        var relay = new SocketRelay(
            TakeFront(), Descriptor.TakeFrom(back), Listener.SocketOptions, options, this, _loop, Context.Time);

        // Whoever closes it either sees the relay, or is seen here.
        Interlocked.Exchange(ref _relay, relay);
        relay.Start(first is { Length: > 0 } ? first : null);
        if (Volatile.Read(ref _cause) != None)
            relay.Close();
    }

    private async Task TellAsync(DialException failure)
    {
        try
        {
            await Bridge.TellAsync(this, failure, Listener.Cut);
        }
        catch (Exception ex) when (ex is SocketException or OperationCanceledException)
        {
            // Nobody is there any more, or does not take it in time.
        }
        catch (Exception ex)
        {
            BridgeLog.Fault(Context.Logger, Bridge, ex);
        }
    }

    private void Refuse(BridgeResult result, string code, string reason)
    {
        if (Context.Complaints.TryTake(Bridge.Listen.Text, code, out var unsaid))
        {
            if (unsaid > 0)
                BridgeLog.RefusedAgain(Context.Logger, Bridge, code, reason, unsaid);
            else
                BridgeLog.Refused(Context.Logger, Bridge, code, reason);
        }

        End(result);
    }

    private void Fail(Exception fault)
    {
        BridgeLog.Fault(Context.Logger, Bridge, fault);
        End(BridgeResult.Fault);
    }

    /// <summary>With a reset: nothing of it was taken, and an end in order would be an answer to some.</summary>
    private void End(BridgeResult result)
    {
        if (_front is not null)
            TakeFront().Reset();
        Over(result);
    }

    /// <summary>Counts what was carried since it was counted last. Of two at a time one does it.</summary>
    private void Account(SocketRelay relay, bool isLast)
    {
        while (Interlocked.Exchange(ref _isAccounting, 1) == 1)
        {
            if (!isLast)
                return;
            Thread.SpinWait(1);
        }

        var (forward, back) = (relay.CarriedForward - _accountedForward, relay.CarriedBack - _accountedBack);
        (_accountedForward, _accountedBack) = (_accountedForward + forward, _accountedBack + back);
        var (@in, @out) = Bridge.LeadsInside ? (forward, back) : (back, forward);
        Bridge.Counts.Add(@in, @out);
        Volatile.Write(ref _isAccounting, 0);
    }

    private Descriptor TakeFront()
    {
        var front = _front!;
        _front = null;
        return front;
    }

    private void Over(BridgeResult result)
    {
        var (@in, @out) = Bridge.LeadsInside ? (_accountedForward, _accountedBack) : (_accountedBack, _accountedForward);
        Context.Watch.Remove(this);
        Bridge.Counts.OnOver(result);
        BridgeLog.Ended(Context.Logger, Bridge, Context.Time.GetElapsedTime(_accepted), result, @in, @out);
        Listener.OnConnectionClosed();
    }
}
