using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using ParentProxy.Scenarios.Wire;
using ParentProxy.Sockets;

namespace ParentProxy.Scenarios.Enclaves;

/// <summary>An enclave that fails on demand, on a port of its own that it keeps over its deaths.</summary>
internal sealed class SimulatedEnclave(string name, Ledger ledger) : IDisposable
{
    private const int Backlog = 512;

    private readonly ConcurrentDictionary<EnclaveConnection, byte> _connections = new();
    private volatile EnclaveMode _mode;
    private volatile Socket? _listener;

    /// <summary>What it is called in the answers.</summary>
    public string Name { get; } = name;

    /// <summary>Where it listens on 127.0.0.1.</summary>
    public int Port { get; } = Ports.Next();

    /// <summary>What it does with requests; those that it has may be met by the change.</summary>
    public EnclaveMode Mode => _mode;

    /// <summary>Whether it is about to end: each answer is then the last of its connection.</summary>
    public bool IsStopping { get; private set; }

    /// <summary>Boots it.</summary>
    public void Start()
    {
        _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, Port));
        _listener.Listen(Backlog);
        _ = AcceptAsync(_listener);
    }

    /// <summary>Changes what it does.</summary>
    public void Switch(EnclaveMode mode)
    {
        _mode = mode;
        if (mode == EnclaveMode.ResetAtOnce)
            KillConnections();
    }

    /// <summary>Ends it as the end of its process does, with everything that was under way.</summary>
    public void Kill()
    {
        StopListening();
        KillConnections();
    }

    /// <summary>Ends it as an operator does: no new connections, and what is under way is answered.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        IsStopping = true;
        StopListening();
        while (_connections.Keys.Any(connection => connection.IsBusy))
            await Task.Delay(TimeSpan.FromMilliseconds(5), cancellationToken);
        foreach (var connection in _connections.Keys)
            connection.Kill();
    }

    /// <inheritdoc/>
    public void Dispose() => Kill();

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
                Serve(await listener.AcceptAsync(), listener);
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
        {
            // Killed.
        }
    }

    private void Serve(Socket socket, Socket listener)
    {
        if (Mode == EnclaveMode.ResetAtOnce)
        {
            Refuse(socket);
            return;
        }

        socket.NoDelay = true;
        var connection = new EnclaveConnection(this, socket, ledger);
        _connections[connection] = 0;
        _ = ServeAsync(connection);

        // Accepted while it was killed, or by the kernel before it.
        if (_listener != listener || Mode == EnclaveMode.ResetAtOnce)
            connection.Kill();
    }

    private void Refuse(Socket socket) => ledger.AddUnread(Name, RawSocket.Refuse(socket));

    private async Task ServeAsync(EnclaveConnection connection)
    {
        await Task.Yield();
        await connection.ServeAsync();
        _connections.TryRemove(connection, out _);
    }

    private void StopListening()
    {
        if (Interlocked.Exchange(ref _listener, null) is not { } listener)
            return;

        // Those that the kernel has accepted: what they have sent is sent. Nobody joins them between the last look and the end.
        SynFilter.TryAttach(listener);
        while (RawSocket.AcceptWaiting(listener) is { } socket)
            Serve(socket, listener);
        listener.Dispose();
    }

    private void KillConnections()
    {
        foreach (var connection in _connections.Keys)
            connection.Kill();
    }
}
