namespace ParentProxy.Sockets;

/// <summary>
/// Knows all connections, and watches their time-outs with one timer. Looks every half second while there is any, so much
/// later at most a time-out fires.
/// </summary>
internal sealed class RelayWatch<T> : IDisposable
    where T : class, IWatchedRelay<T>
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly List<T> _looked = [];
    private T? _first;
    private bool _isTicking;

    /// <summary>A watch with nothing to watch.</summary>
    public RelayWatch(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(
            static state => ((RelayWatch<T>)state!).OnTick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How many connections there are at this moment.</summary>
    public int Count => Where(static _ => true).Count;

    /// <summary>Begins to watch a connection.</summary>
    public void Add(T connection)
    {
        lock (_gate)
        {
            connection.Next = _first;
            if (_first is not null)
                _first.Previous = connection;
            _first = connection;
            if (_isTicking)
                return;
            _isTicking = true;
            _timer.Change(Tick, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Stops watching a connection, which is over.</summary>
    public void Remove(T connection)
    {
        lock (_gate)
        {
            if (connection.Previous is { } previous)
                previous.Next = connection.Next;
            else if (_first == connection)
                _first = connection.Next;
            if (connection.Next is { } next)
                next.Previous = connection.Previous;
            connection.Previous = connection.Next = null;
        }
    }

    /// <summary>The connections of which something holds, at this moment.</summary>
    public IReadOnlyList<T> Where(Func<T, bool> holds)
    {
        List<T> connections = [];
        lock (_gate)
        {
            for (var connection = _first; connection is not null; connection = connection.Next)
            {
                if (holds(connection))
                    connections.Add(connection);
            }
        }

        return connections;
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void OnTick()
    {
        lock (_gate)
        {
            for (var connection = _first; connection is not null; connection = connection.Next)
                _looked.Add(connection);
        }

        var now = _time.GetTimestamp();
        foreach (var connection in _looked)
            connection.Check(now);
        _looked.Clear();
        lock (_gate)
        {
            _isTicking = _first is not null;
            if (_isTicking)
                _timer.Change(Tick, Timeout.InfiniteTimeSpan);
            else
                _looked.Capacity = 0;
        }
    }
}
