using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ParentProxy.Sockets;

/// <summary>
/// A thread that waits for many sockets and runs on the spot what waits for them: reading a request, sending it to an
/// enclave and giving back the response need no other thread, and no core fetches what another has in its cache.
/// </summary>
/// <remarks>
/// For this nothing on a request's way may block: a file that is read, a console that is written to, a wait for a task would
/// hold up every connection of the loop. Logging goes through a queue for the same reason.
/// </remarks>
internal sealed class EventLoop
{
    private const int MaxEvents = 256;
    private const int ScratchBytes = 64 * 1024;

    /// <summary>
    /// How many reads in a row may find something at once. More, and a connection that always has something would keep the
    /// others waiting.
    /// </summary>
    private const int ReadsPerTurn = 32;

    /// <summary>Names the signal among the sockets.</summary>
    private const long SignalId = 0;

    private static readonly Lazy<EventLoop[]> Loops = new(static () => [.. Enumerable.Range(0, Count).Select(Start)]);

    [ThreadStatic]
    private static EventLoop? _current;

    private static int _next = -1;
    private static long _departures;

    private readonly int _epoll;
    private readonly ConcurrentDictionary<long, ILoopClient> _clients = new();
    private readonly Queue<IPostponed> _postponed = new();
    private readonly ConcurrentQueue<(Action<object?> Action, object? State)> _posted = new();
    private readonly SafeFileHandle _signal;
    private long _lastId;
    private int _readsLeft;
    private long _turns;
    private int _isSignalled;

    private EventLoop()
    {
        _epoll = Epoll.Create(Epoll.CloseOnExec);
        if (_epoll < 0)
            throw SocketErrors.Exception(Marshal.GetLastPInvokeError());
        _signal = Epoll.CreateSignal(0, Epoll.CloseOnExec | Epoll.NonBlocking);
        if (_signal.IsInvalid)
            throw SocketErrors.Exception(Marshal.GetLastPInvokeError());
        Control(Epoll.Add, _signal, SignalId, Epoll.In);
    }

    /// <summary>How many there are: one for two cores.</summary>
    public static int Count { get; } = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>How many sockets were closed that loops had waited for.</summary>
    public static long Departures => Interlocked.Read(ref _departures);

    /// <summary>How often loops were woken.</summary>
    public static long Turns => Loops.IsValueCreated ? Loops.Value.Sum(static loop => Volatile.Read(ref loop._turns)) : 0;

    /// <summary>The loop whose thread this is, or null.</summary>
    public static EventLoop? Current => _current;

    /// <summary>
    /// What is received into by who passes it on before anybody else has a turn. On the thread of the loop only, and never across a wait.
    /// </summary>
    public byte[] Scratch { get; } = GC.AllocateUninitializedArray<byte>(ScratchBytes, pinned: true);

    /// <summary>Starts one more, which never ends.</summary>
    public static EventLoop Start(int index)
    {
        var loop = new EventLoop();
        var name = string.Create(CultureInfo.InvariantCulture, $"event loop {index}");
        new Thread(loop.Run) { IsBackground = true, Name = name }.UnsafeStart();
        return loop;
    }

    /// <summary>The loop of a socket that has none: that of this thread, else each in turn.</summary>
    public static EventLoop Next() => _current ?? InTurn();

    /// <summary>Each in turn, whatever thread this is: for what begins, so that all loops have their share of it.</summary>
    public static EventLoop InTurn() => Loops.Value[(uint)Interlocked.Increment(ref _next) % (uint)Count];

    /// <summary>Completes when every loop has come round once more: when none of them is held up.</summary>
    public static Task TurnAllAsync() => Task.WhenAll(Loops.Value.Select(l => l.TurnAsync()));

    /// <summary>Completes when the loop has come round once more. What awaits it does not run on the loop.</summary>
    public Task TurnAsync()
    {
        var asker = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(static asker => ((TaskCompletionSource)asker!).TrySetResult(), asker);
        return asker.Task;
    }

    /// <summary>Runs something on the thread of the loop, which must not throw or block. May be called from any thread.</summary>
    public void Post(Action<object?> action, object? state)
    {
        _posted.Enqueue((action, state));
        if (Interlocked.Exchange(ref _isSignalled, 1) == 0)
            Epoll.Signal(_signal);
    }

    /// <summary>Begins to watch a descriptor; what is there already is reported, too.</summary>
    /// <returns>What names it here.</returns>
    public long Add(ILoopClient client, SafeHandle handle, uint interest)
    {
        // Never used twice: an event that was fetched before its socket left finds nobody.
        var id = Interlocked.Increment(ref _lastId);
        _clients[id] = client;
        try
        {
            Control(Epoll.Add, handle, id, interest);
        }
        catch
        {
            _clients.TryRemove(id, out _);
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
        _clients.TryRemove(id, out _);
    }

    /// <summary>Forgets a socket that is closed; the kernel has forgotten it by itself.</summary>
    public void Forget(long id)
    {
        if (_clients.TryRemove(id, out _))
            Interlocked.Increment(ref _departures);
    }

    /// <summary>Whether one more read may be tried on the spot. Called on the thread of the loop.</summary>
    public bool MayRead() => --_readsLeft >= 0;

    /// <summary>Goes on with something when the others had their turn. Called on the thread of the loop.</summary>
    public void Postpone(IPostponed work) => _postponed.Enqueue(work);

    private void Control(int operation, SafeHandle handle, long id, uint interest)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes = bytes[..Epoll.EventBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, interest);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[Epoll.DataOffset..], id);
        if (Epoll.Control(_epoll, operation, handle, bytes) != 0)
            throw SocketErrors.Exception(Marshal.GetLastPInvokeError());
    }

    private void RunPosted()
    {
        Epoll.Clear(_signal);

        // Whoever posts from here on signals anew, or is seen below.
        Interlocked.Exchange(ref _isSignalled, 0);
        while (_posted.TryDequeue(out var posted))
            posted.Action(posted.State);
    }

    private void Run()
    {
        _current = this;
        var events = GC.AllocateArray<byte>(MaxEvents * Epoll.EventBytes, pinned: true);

        // A method of its own: the runtime makes better code of what returns now and then.
        while (true)
            Turn(events);
    }

    private void Turn(byte[] events)
    {
        var count = Epoll.Wait(_epoll, events, MaxEvents, _postponed.Count > 0 ? 0 : Timeout.Infinite);
        if (count < 0 && Marshal.GetLastPInvokeError() is not Epoll.Eintr and var error)
            throw SocketErrors.Exception(error);
        Volatile.Write(ref _turns, _turns + 1);
        for (var i = 0; i < count; i++)
        {
            var bytes = events.AsSpan(i * Epoll.EventBytes, Epoll.EventBytes);
            var id = BinaryPrimitives.ReadInt64LittleEndian(bytes[Epoll.DataOffset..]);
            if (_clients.TryGetValue(id, out var client))
            {
                _readsLeft = ReadsPerTurn;
                client.OnEvents(BinaryPrimitives.ReadUInt32LittleEndian(bytes));
            }
            else if (id == SignalId)
            {
                RunPosted();
            }
        }

        // Those that are postponed meanwhile come after the next events.
        for (var left = _postponed.Count; left > 0; left--)
        {
            _readsLeft = ReadsPerTurn;
            _postponed.Dequeue().GoOn();
        }
    }
}
