using System.Buffers;
using System.Net.Sockets;
using ParentProxy.Vsock;

namespace ParentProxy.Sockets;

/// <summary>
/// Bytes in both directions between two sockets, on one event loop: what comes is received into the loop's own memory and sent
/// on the spot. Only what the other side does not take is kept, and nothing more is read then; an idle connection holds no memory
/// for what it may carry.
/// </summary>
/// <remarks>
/// The end of a direction is passed on alone. A reset is passed on as a reset. When one side takes nothing any more, what it has
/// sent is still delivered. All state belongs to the thread of the loop; others ask by <see cref="Close"/>.
/// </remarks>
internal sealed class SocketRelay
{
    /// <summary>How often a side is read in a row before others have their turn: with the memory of the loop, 256 KiB.</summary>
    private const int ReadsPerTurn = 4;

    private const int Econnreset = 104;

    private const uint Interest = Epoll.In | Epoll.PeerEnded | Epoll.EdgeTriggered;

    private readonly EventLoop _loop;
    private readonly ISocketRelayOwner _owner;
    private readonly TimeProvider _time;
    private readonly Side _front;
    private readonly Side _back;
    private byte[]? _initial;
    private long _lastProgress;
    private bool _isOver;

    /// <summary>Takes over two connected sockets that do not block; nothing moves before <see cref="Start"/>.</summary>
    /// <param name="front">The client's.</param>
    /// <param name="back">The other one, which <see cref="CarriedBack"/> comes from.</param>
    /// <param name="frontOptions">What the kind of connection at the front needs.</param>
    /// <param name="backOptions">What the kind of connection at the back needs.</param>
    /// <param name="owner">Told of the end.</param>
    /// <param name="loop">Where it runs.</param>
    /// <param name="time">The clock.</param>
    public SocketRelay(
        Descriptor front,
        Descriptor back,
        LoopSocketOptions frontOptions,
        LoopSocketOptions backOptions,
        ISocketRelayOwner owner,
        EventLoop loop,
        TimeProvider time)
    {
        _front = new Side(this, front, frontOptions);
        _back = new Side(this, back, backOptions);
        _owner = owner;
        _loop = loop;
        _time = time;
        _lastProgress = time.GetTimestamp();
    }

    /// <summary>Bytes that came from the front and that the back's socket has taken.</summary>
    public long CarriedForward => Volatile.Read(ref _front.Carried);

    /// <summary>Bytes that came from the back and that the front's socket has taken.</summary>
    public long CarriedBack => Volatile.Read(ref _back.Carried);

    /// <summary>Timestamp of when something moved last, the end of a direction included.</summary>
    public long LastProgress => Volatile.Read(ref _lastProgress);

    /// <summary>Whether one direction has ended and the other goes on.</summary>
    public bool IsHalfClosed => Volatile.Read(ref _front.HasEnded) != Volatile.Read(ref _back.HasEnded);

    /// <summary>Whether both sides send and neither takes anything.</summary>
    public bool IsStuck => Volatile.Read(ref _front.Kept) is not null && Volatile.Read(ref _back.Kept) is not null;

    /// <summary>Which side ended its direction or broke first; null when neither did.</summary>
    public RelaySide? FirstEnded { get; private set; }

    /// <summary>How it broke; null when both directions ended in order, or it was closed from here.</summary>
    public Errno? Broken { get; private set; }

    /// <summary>A fault of this program that ended it; null without one.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>
    /// Whether the back ended before a byte was carried, while the front is there: <see cref="Front"/> is open still, and
    /// <see cref="Unsent"/> is what it sent meanwhile.
    /// </summary>
    public bool IsUntouched { get; private set; }

    /// <summary>The client's socket, which belongs to the owner again when the relay ended untouched.</summary>
    public Descriptor Front => _front.Socket;

    /// <summary>What came from the front and was not taken by the back, of a relay that ended untouched; null when nothing came.</summary>
    public byte[]? Unsent { get; private set; }

    /// <summary>Begins, on the thread of the loop.</summary>
    /// <param name="initial">What the front has sent already; null for nothing.</param>
    public void Start(byte[]? initial)
    {
        _initial = initial;
        if (EventLoop.Current == _loop)
            GuardedBegin();
        else
            _loop.Post(static relay => ((SocketRelay)relay!).GuardedBegin(), this);
    }

    /// <summary>Ends both directions, in order as far as nothing waits to be taken; the owner is told. For any thread.</summary>
    public void Close()
    {
        if (EventLoop.Current == _loop)
            GuardedEnd();
        else
            _loop.Post(static relay => ((SocketRelay)relay!).GuardedEnd(), this);
    }

    private void GuardedBegin() => Guard(_front, 0, static (relay, _, _) => relay.Begin());

    private void GuardedEnd() => Guard(_front, 0, static (relay, _, _) => relay.End(reset: false));

    private void Begin()
    {
        // Closed before it has begun.
        if (_isOver)
            return;
        try
        {
            _front.Id = _loop.Add(_front, _front.Socket, Interest);
            _back.Id = _loop.Add(_back, _back.Socket, Interest);
        }
        catch (SocketException ex)
        {
            // No memory, or no watch left, in the kernel.
            Fault = ex;
            End(reset: true);
            return;
        }

        if (_initial is not { } initial)
            return;
        _initial = null;
        Forward(_front, initial);
    }

    private Side Other(Side side) => side == _front ? _back : _front;

    private RelaySide Name(Side side) => side == _front ? RelaySide.Front : RelaySide.Back;

    private void OnEvents(Side side, uint events)
    {
        if (_isOver)
            return;
        var hasEnded = (events & (Epoll.PeerEnded | Epoll.Hangup | Epoll.Error)) != 0;
        side.HasPeerEnded |= hasEnded;
        if ((events & Epoll.Error) != 0 && (side.HasEnded || side.Kept is not null) && IsReset(side))
            return;
        if ((events & (Epoll.Out | Epoll.Hangup | Epoll.Error)) != 0 && Other(side) is { Kept: not null } from)
            Flush(from);
        if (hasEnded || (events & Epoll.In) != 0)
        {
            side.IsReadable = true;
            if (side.IsPostponed)
                return;
            Pump(side);
        }
    }

    /// <summary>
    /// One that has ended its direction, or of which something waits to be taken, is not read: that its connection broke is asked for.
    /// </summary>
    private bool IsReset(Side side)
    {
        // What an enclave sent before goes to the client first, and is not cut by what it does not read.
        if (side == _back && side.Kept is not null)
            return false;
        var errno = Epoll.PendingError(side.Socket);
        if (errno <= 0)
            return false;
        if (side == _back)
            OnUnsendable(_front, [], errno);
        else
            OnBroken(side, errno);
        return true;
    }

    /// <summary>Carries what has come from a side, until nothing is left, the other takes no more, or its turn is over.</summary>
    private void Pump(Side from)
    {
        for (var reads = 0; !_isOver && from is { IsReadable: true, Kept: null, HasEnded: false } && !Other(from).TakesNothing; reads++)
        {
            if (reads == ReadsPerTurn)
            {
                from.IsPostponed = true;
                _loop.Postpone(from);
                return;
            }

            var count = Receive(from, _loop.Scratch);
            if (count > 0)
                Forward(from, _loop.Scratch.AsSpan(0, count));
        }
    }

    /// <summary>Receives what is there; what is no byte count has been dealt with.</summary>
    private int Receive(Side from, Span<byte> buffer)
    {
        int count;
        do
        {
            count = Epoll.Receive(from.Socket, buffer);
        }
        while (count == -Epoll.Eintr);
        switch (count)
        {
            case > 0:
                // A read that does not fill its buffer has taken everything (urgent data, and descriptors on a unix socket, aside: behind
                // those the rest waits for the next event), and what comes then is an event of its own; but after the end there is none.
                from.IsReadable = count == buffer.Length || from.HasPeerEnded;
                break;
            case -Epoll.Eagain:
                from.IsReadable = false;
                break;

            // What vsock says in the place of the end when the connection ended after a half-close.
            case 0 or -Epoll.Enotconn:
                OnEnd(from);
                break;
            default:
                OnBroken(from, -count);
                break;
        }

        return count;
    }

    /// <summary>Sends what came from a side to the other; what that does not take is kept.</summary>
    private void Forward(Side from, ReadOnlySpan<byte> bytes)
    {
        Volatile.Write(ref _lastProgress, _time.GetTimestamp());
        var sent = Send(from, bytes);
        if (sent == bytes.Length || _isOver)
            return;
        if (sent < 0)
        {
            OnUnsendable(from, bytes, -sent);
            return;
        }

        var left = bytes[sent..];
        var kept = ArrayPool<byte>.Shared.Rent(Math.Max(left.Length, _loop.Scratch.Length));
        left.CopyTo(kept);
        (from.Start, from.End) = (0, left.Length);
        Volatile.Write(ref from.Kept, kept);
        WatchForRoom(Other(from), watch: true);
    }

    /// <summary>Sends as much as there is room for.</summary>
    /// <returns>How much that was, or an errno below zero.</returns>
    private int Send(Side from, ReadOnlySpan<byte> bytes)
    {
        var to = Other(from);
        var sent = 0;
        while (sent < bytes.Length)
        {
            var part = bytes[sent..];
            if (part.Length > to.Options.MaxSendBytes)
                part = part[..to.Options.MaxSendBytes];
            var count = Epoll.Send(to.Socket, part, more: false);
            if (count == -Epoll.Eintr)
                continue;
            if (count == -Epoll.Eagain)
                break;
            if (count < 0)
                return count;
            sent += count;
            Volatile.Write(ref from.Carried, from.Carried + count);
        }

        return sent;
    }

    /// <summary>
    /// There is room again: sends what was kept, together with what has come meanwhile, so that many small segments become one.
    /// </summary>
    private void Flush(Side from)
    {
        var kept = from.Kept!;
        if (from is { IsReadable: true, HasEnded: false } && from.End - from.Start < _loop.Scratch.Length / 2)
        {
            kept.AsSpan(from.Start, from.End - from.Start).CopyTo(kept);
            (from.Start, from.End) = (0, from.End - from.Start);
            if (Receive(from, kept.AsSpan(from.End)) is > 0 and var more)
                from.End += more;
            if (_isOver)
                return;
        }

        var sent = Send(from, kept.AsSpan(from.Start, from.End - from.Start));
        if (_isOver)
            return;
        if (sent < 0)
        {
            OnUnsendable(from, [], -sent);
            return;
        }

        if (sent > 0)
            Volatile.Write(ref _lastProgress, _time.GetTimestamp());
        from.Start += sent;
        if (from.Start < from.End)
            return;
        Forget(from);
        WatchForRoom(Other(from), watch: false);
        if (from.IsBroken)
            End(reset: true);
        else if (from.HasEnded)
            PassEndOn(from);
        else
            Pump(from);
    }

    /// <summary>A side has ended its direction.</summary>
    private void OnEnd(Side from)
    {
        if (TryEndUntouched(from))
            return;
        FirstEnded ??= Name(from);
        from.IsReadable = false;
        Volatile.Write(ref from.HasEnded, true);
        Volatile.Write(ref _lastProgress, _time.GetTimestamp());
        if (from.Kept is null)
            PassEndOn(from);
    }

    private void PassEndOn(Side from)
    {
        var to = Other(from);

        // One that takes nothing has nothing to end: all that it sent was delivered. Where both have ended, closing tells. The kernel
        // tells of a reset once, to who sends or to who reads.
        if (to is { HasEnded: true, Kept: null } || from.TakesNothing)
            End(reset: from == _front ? Broken is not null : Broken?.Value == Econnreset);
        else if (!to.TakesNothing)
            to.Socket.ShutdownSend();
    }

    /// <summary>A side's connection broke while it was read: it is gone for both directions, and so is the other.</summary>
    private void OnBroken(Side side, int errno)
    {
        if (TryEndUntouched(side))
            return;
        FirstEnded ??= Name(side);
        Broken ??= new Errno(errno);
        if (side == _back && side.Kept is not null)
        {
            // What it sent before goes to the client first.
            (side.TakesNothing, side.IsBroken, side.IsReadable) = (true, true, false);
            return;
        }

        End(reset: true);
    }

    /// <summary>A side takes nothing any more: what it has sent is delivered, what it was sent is lost.</summary>
    private void OnUnsendable(Side from, ReadOnlySpan<byte> bytes, int errno)
    {
        var to = Other(from);
        if (from.Kept is null && !bytes.IsEmpty)
        {
            // It may be wanted where another back takes the place of this one.
            var kept = ArrayPool<byte>.Shared.Rent(bytes.Length);
            bytes.CopyTo(kept);
            (from.Start, from.End) = (0, bytes.Length);
            from.Kept = kept;
        }

        if (TryEndUntouched(to))
            return;
        if (to == _back && to.HasEnded)
        {
            // It has answered, and closed without reading on: the answer is whole, and reaches a client that still sends.
            Forget(from);
            to.TakesNothing = true;
            if (to.Kept is null)
                End(reset: false);
            return;
        }

        FirstEnded ??= Name(to);
        Broken ??= new Errno(errno);
        Forget(from);
        to.TakesNothing = true;

        // A client that reset its connection has nothing more to say; where neither takes anything, nothing is left to carry.
        if (to.HasEnded || from.TakesNothing || (to == _front && errno == Econnreset))
        {
            End(reset: true);
            return;
        }

        to.IsReadable = true;
        Pump(to);
    }

    /// <summary>Ends here where the back is gone and nobody has seen a byte: the owner goes on with the front.</summary>
    private bool TryEndUntouched(Side gone)
    {
        if (gone != _back || _front is not { Carried: 0, HasEnded: false } || _back.Carried > 0 || !_owner.MayStartOver())
            return false;
        IsUntouched = true;
        if (_front.Kept is not null)
            Unsent = _front.Kept.AsSpan(_front.Start, _front.End - _front.Start).ToArray();
        _isOver = true;
        Forget(_front);
        _loop.Remove(_front.Id, _front.Socket);
        CloseSide(_back, reset: false);
        _owner.OnEnded();
        return true;
    }

    private void WatchForRoom(Side side, bool watch)
    {
        if (side.WatchesRoom == watch)
            return;
        side.WatchesRoom = watch;
        try
        {
            _loop.Modify(side.Id, side.Socket, watch ? Interest | Epoll.Out : Interest);
        }
        catch (SocketException ex)
        {
            Fault = ex;
            End(reset: true);
        }
    }

    private static void Forget(Side from)
    {
        if (from.Kept is not { } kept)
            return;
        Volatile.Write(ref from.Kept, null);
        ArrayPool<byte>.Shared.Return(kept);
    }

    private void End(bool reset)
    {
        if (_isOver)
            return;
        _isOver = true;

        // What was cut must not look whole to whom the rest was for.
        var (isFrontCut, isBackCut) = (_back.Kept is not null, _front.Kept is not null);
        Forget(_front);
        Forget(_back);
        try
        {
            CloseSide(_back, isBackCut || (reset && FirstEnded == RelaySide.Front));
            CloseSide(_front, isFrontCut || (reset && FirstEnded == RelaySide.Back));
        }
        finally
        {
            _owner.OnEnded();
        }
    }

    private void CloseSide(Side side, bool reset)
    {
        // What was sent must not be lost by a close: on vsock it may be, on TCP where something was not read.
        if (!reset && !side.HasEnded && Other(side) is { Carried: > 0 } other && (side.Options.LingerClock is not null || other.HasEnded))
        {
            Linger(side);
            return;
        }

        _loop.Forget(side.Id);
        if (!reset)
            side.Socket.Dispose();

        // What an enclave sent before its connection broke would have reached a client that was connected to it itself.
        else if (side == _front && !side.TakesNothing && Broken is not null && Other(side).Carried > 0)
            _ = side.Socket.ResetDeliveredAsync(_time);
        else
            side.Socket.Reset();
    }

    private void Linger(Side side)
    {
        // The descriptor stays open, and is waited for anew.
        _loop.Remove(side.Id, side.Socket);
        try
        {
            _ = LoopSocket.LingerAsync(side.Socket.ToSocket(), _time);
        }
        catch (SocketException)
        {
            // It is closed, and nobody is there any more.
        }
    }

    /// <summary>A fault in here must not end the loop, which all the others are on.</summary>
    private void Guard(Side side, uint events, Action<SocketRelay, Side, uint> action)
    {
        try
        {
            action(this, side, events);
        }
        catch (Exception ex)
        {
            Fault ??= ex;
            End(reset: true);
        }
    }

    /// <summary>A socket, and what comes from it.</summary>
    private sealed class Side(SocketRelay relay, Descriptor socket, LoopSocketOptions options) : ILoopClient, IPostponed
    {
        /// <summary>What came from here and the other side has not taken, from <see cref="Start"/> to <see cref="End"/>.</summary>
        public byte[]? Kept;

        /// <summary>Bytes that came from here and that the other side has taken.</summary>
        public long Carried;

        /// <summary>Whether the end of its direction was read.</summary>
        public bool HasEnded;

        public Descriptor Socket { get; } = socket;

        public LoopSocketOptions Options { get; } = options;

        public long Id { get; set; }

        public int Start { get; set; }

        public int End { get; set; }

        /// <summary>Whether a read is worth it.</summary>
        public bool IsReadable { get; set; }

        /// <summary>Whether the end is there to be read, or will be behind what is.</summary>
        public bool HasPeerEnded { get; set; }

        public bool WatchesRoom { get; set; }

        /// <summary>Whether sending to it has failed.</summary>
        public bool TakesNothing { get; set; }

        /// <summary>Whether reading from it has failed.</summary>
        public bool IsBroken { get; set; }

        /// <summary>Whether it has to wait for its turn.</summary>
        public bool IsPostponed { get; set; }

        public void OnEvents(uint events) => relay.Guard(this, events, static (relay, side, events) => relay.OnEvents(side, events));

        public void GoOn()
        {
            IsPostponed = false;
            relay.Guard(this, 0, static (relay, side, _) => relay.Pump(side));
        }
    }
}
