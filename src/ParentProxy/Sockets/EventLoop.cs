using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;

namespace ParentProxy.Sockets;

/// <summary>
/// A thread that waits for many sockets and runs on the spot what waits for them: reading a request, sending it to an
/// enclave and giving back the answer need no other thread, and no core fetches what another has in its cache.
/// </summary>
/// <remarks>
/// For this nothing on a request's way may block: a file that is read, a console that is written to, a wait for a task would
/// hold up every connection of the loop. Logging goes through a queue for the same reason.
/// </remarks>
internal sealed class EventLoop
{
    private const int MaxEvents = 256;

    /// <summary>
    /// How many reads in a row may find something at once. More, and a connection that always has something would keep the
    /// others waiting.
    /// </summary>
    private const int ReadsPerTurn = 32;

    private static readonly Lazy<EventLoop[]> Loops = new(static () => [.. Enumerable.Range(0, Count).Select(i => new EventLoop(i))]);

    [ThreadStatic]
    private static EventLoop? t_current;

    private static int s_next = -1;

    private readonly int _epoll;
    private readonly ConcurrentDictionary<long, LoopSocket> _sockets = new();
    private readonly Queue<LoopOperation> _postponed = new();
    private long _lastId;
    private int _readsLeft;

    private EventLoop(int index)
    {
        _epoll = Epoll.Create(Epoll.CloseOnExec);
        if (_epoll < 0)
            throw SocketErrors.Exception(Marshal.GetLastPInvokeError());
        var name = string.Create(CultureInfo.InvariantCulture, $"event loop {index}");
        new Thread(Run) { IsBackground = true, Name = name }.UnsafeStart();
    }

    /// <summary>How many there are: one for two cores.</summary>
    public static int Count { get; } = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>The loop whose thread this is, or null.</summary>
    public static EventLoop? Current => t_current;

    /// <summary>The loop of a socket that has none: that of this thread, else each in turn.</summary>
    public static EventLoop Next() => t_current ?? Loops.Value[(uint)Interlocked.Increment(ref s_next) % (uint)Count];

    /// <summary>Begins to watch a socket; what is there already is reported, too.</summary>
    /// <returns>What names it here.</returns>
    public long Add(LoopSocket socket, SafeHandle handle, uint interest)
    {
        // Never used twice: an event that was fetched before its socket left finds nobody.
        var id = Interlocked.Increment(ref _lastId);
        _sockets[id] = socket;
        try
        {
            Control(Epoll.Add, handle, id, interest);
        }
        catch
        {
            _sockets.TryRemove(id, out _);
            throw;
        }

        return id;
    }

    /// <summary>Changes what a socket is watched for.</summary>
    public void Modify(long id, SafeHandle handle, uint interest) => Control(Epoll.Modify, handle, id, interest);

    /// <summary>Forgets a socket whose descriptor stays open.</summary>
    public void Remove(long id, SafeHandle handle)
    {
        Control(Epoll.Remove, handle, id, 0);
        _sockets.TryRemove(id, out _);
    }

    /// <summary>Forgets a socket that is closed; the kernel has forgotten it by itself.</summary>
    public void Forget(long id) => _sockets.TryRemove(id, out _);

    /// <summary>Whether one more read may be tried on the spot. Called on the thread of the loop.</summary>
    public bool MayRead() => --_readsLeft >= 0;

    /// <summary>Goes on with an operation when the others had their turn. Called on the thread of the loop.</summary>
    public void Postpone(LoopOperation operation) => _postponed.Enqueue(operation);

    private void Control(int operation, SafeHandle handle, long id, uint interest)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes = bytes[..Epoll.EventBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, interest);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[Epoll.DataOffset..], id);
        if (Epoll.Control(_epoll, operation, handle, bytes) != 0)
            throw SocketErrors.Exception(Marshal.GetLastPInvokeError());
    }

    private void Run()
    {
        t_current = this;
        var events = GC.AllocateArray<byte>(MaxEvents * Epoll.EventBytes, pinned: true);
        while (true)
        {
            var count = Epoll.Wait(_epoll, events, MaxEvents, _postponed.Count > 0 ? 0 : Timeout.Infinite);
            if (count < 0 && Marshal.GetLastPInvokeError() is not Epoll.Eintr and var error)
                throw SocketErrors.Exception(error);
            for (var i = 0; i < count; i++)
            {
                var bytes = events.AsSpan(i * Epoll.EventBytes, Epoll.EventBytes);
                var id = BinaryPrimitives.ReadInt64LittleEndian(bytes[Epoll.DataOffset..]);
                if (!_sockets.TryGetValue(id, out var socket))
                    continue;
                _readsLeft = ReadsPerTurn;
                socket.OnEvents(BinaryPrimitives.ReadUInt32LittleEndian(bytes));
            }

            // Those that are postponed meanwhile come after the next events.
            for (var left = _postponed.Count; left > 0; left--)
            {
                _readsLeft = ReadsPerTurn;
                _postponed.Dequeue().OnReady();
            }
        }
    }
}
