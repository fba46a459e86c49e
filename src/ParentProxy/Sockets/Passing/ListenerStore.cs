using System.Net;
using System.Net.Sockets;

namespace ParentProxy.Sockets.Passing;

/// <summary>
/// Listening sockets that outlive a process: those that this one was started with, and those that somebody keeps for the next one. A
/// client that connects in between waits in the accept queue, where it would be refused otherwise.
/// </summary>
/// <param name="passed">What this process was started with.</param>
/// <param name="keeper">Who keeps the sockets that are opened from here on; null for nobody.</param>
internal sealed class ListenerStore(IReadOnlyList<PassedListener> passed, IListenerKeeper? keeper)
{
    private static volatile ListenerStore _ofProcess = new([], keeper: null);

    private readonly Lock _lock = new();
    private readonly List<PassedListener> _passed = [.. passed];
    private readonly HashSet<PassedListener> _taken = [];
    private readonly HashSet<Socket> _open = [];
    private readonly List<UnixSocketFile> _filesLeft = [];
    private volatile bool _isHandedOver;
    private volatile bool _isAllHandedOver;
    private volatile bool _isLent = passed.Any(listener => listener.IsLent);

    /// <summary>The one of this process: sockets are a process's, whoever opens them. Empty until somebody sets it.</summary>
    public static ListenerStore OfProcess
    {
        get => _ofProcess;
        set => _ofProcess = value;
    }

    /// <summary>Whether ports stay open when this process ends.</summary>
    public bool IsKeeping { get; } = keeper is not null || passed.Any(listener => !listener.IsOurs);

    /// <summary>Leaves what is kept to the next process: the end of this one does not close it.</summary>
    /// <param name="isEverything">Whether the next one runs and has every socket, kept or not.</param>
    public void HandOver(bool isEverything = false)
    {
        _isAllHandedOver = isEverything;
        _isHandedOver = true;
    }

    /// <summary>Whether closing a socket leaves it to the next process.</summary>
    /// <param name="isKept">Whether somebody keeps it.</param>
    /// <param name="isLent">Whether it came from a process that has lent its sockets.</param>
    public bool IsHandedOver(bool isKept, bool isLent) => (_isHandedOver && (isKept || _isAllHandedOver)) || (isLent && _isLent);

    /// <summary>The process that has lent its sockets is about to end: they are this one's alone.</summary>
    public void Own()
    {
        _isLent = false;
        lock (_lock)
        {
            _filesLeft.ForEach(file => file.Remove());
            _filesLeft.Clear();
        }
    }

    /// <summary>Starts something that gets every listening socket that is open.</summary>
    /// <param name="start">Starts it; gets the numbers of the descriptors, which are the same there.</param>
    public T Lend<T>(Func<IReadOnlyList<int>, T> start)
    {
        lock (_lock)
        {
            _open.RemoveWhere(static socket => socket.SafeHandle.IsClosed);
            var numbers = _open.Select(static socket => (int)socket.SafeHandle.DangerousGetHandle()).ToList();
            numbers.ForEach(DescriptorCalls.Share);
            try
            {
                return start(numbers);
            }
            finally
            {
                numbers.ForEach(DescriptorCalls.KeepToOurselves);
            }
        }
    }

    /// <summary>A socket is open that the next process may get.</summary>
    public void Add(Socket socket)
    {
        lock (_lock)
        {
            _open.RemoveWhere(static open => open.SafeHandle.IsClosed);
            _open.Add(socket);
        }
    }

    /// <summary>The socket that listens at an address already; null when there is none.</summary>
    public ListenSocket? Take(EndPoint endPoint)
    {
        lock (_lock)
        {
            if (_passed.Find(listener => listener.Serves(endPoint)) is not { } passed)
                return null;
            if (!passed.IsOurs)
            {
                // Opened again later it is the same: the unit has it as long as it runs.
                _taken.Add(passed);
                return new ListenSocket(passed.OpenCopy()) { IsOfUnit = true };
            }

            _passed.Remove(passed);
            if (passed.EndPoint is UnixDomainSocketEndPoint path && !File.Exists(path.ToString()))
            {
                // No client finds it any more.
                Drop(passed);
                return null;
            }

            var file = endPoint is UnixDomainSocketEndPoint unix ? UnixSocketFile.Of(unix) : null;
            return new ListenSocket(passed.Open(), file) { KeptAs = passed.Name, IsLent = passed.IsLent };
        }
    }

    /// <summary>Has a socket outlive this process, if somebody keeps sockets.</summary>
    /// <returns>What it is kept by; null when it is not.</returns>
    public string? Keep(Socket socket)
    {
        if (keeper is null || socket.LocalEndPoint is not { } endPoint)
            return null;
        var name = PassedListener.NameOf(endPoint);
        keeper.Keep(name, socket.SafeHandle);
        return name;
    }

    /// <summary>Has a socket that is to be closed not outlive this process.</summary>
    public void Forget(string name) => keeper?.Forget(name);

    /// <summary>
    /// Closes what an earlier process opened and nobody has taken, where it is in the way of an address; false when nothing is.
    /// </summary>
    public bool MakeRoom(EndPoint endPoint)
    {
        lock (_lock)
        {
            var inTheWay = _passed.Where(listener => listener.IsOurs && listener.Blocks(endPoint)).ToList();
            inTheWay.ForEach(Drop);
            return inTheWay.Count > 0;
        }
    }

    /// <summary>Closes what an earlier process opened and nobody has taken: the configuration does not have it any more.</summary>
    /// <returns>What no listener has taken of what a socket unit opened: nobody will accept there.</returns>
    public IReadOnlyList<PassedListener> CloseUnused()
    {
        lock (_lock)
        {
            foreach (var listener in _passed.Where(listener => listener.IsOurs).ToList())
                Drop(listener);
            return [.. _passed.Where(listener => !_taken.Contains(listener))];
        }
    }

    private void Drop(PassedListener listener)
    {
        _passed.Remove(listener);
        listener.Close();
        keeper?.Forget(listener.Name);
        if (listener.EndPoint is not UnixDomainSocketEndPoint path)
            return;
        var file = UnixSocketFile.Of(path);
        if (listener.IsLent)
            _filesLeft.Add(file);
        else
            file.Remove();
    }
}
