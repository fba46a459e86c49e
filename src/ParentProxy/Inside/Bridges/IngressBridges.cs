using Microsoft.Extensions.Logging;
using ParentProxy.Sockets;

namespace ParentProxy.Inside.Bridges;

/// <summary>
/// What the parent reaches inside (<c>Enclave:Ingress</c>). Open while the application serves: where it does not, the parent is refused
/// by the kernel, and learns at once that it has to go elsewhere.
/// </summary>
internal sealed class IngressBridges : IAsyncDisposable
{
    private readonly BridgeContext _context;
    private readonly Bridge[] _bridges;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _cut = new();
    private readonly List<(BridgeGroup Group, Task Over)> _closed = [];
    private BridgeGroup? _open;
    private Task _closing = Task.CompletedTask;

    /// <summary>Nothing is open yet.</summary>
    /// <param name="context">What the program shares.</param>
    /// <param name="instruments">What is counted of all bridges; null for counters of its own.</param>
    public IngressBridges(InsideContext context, BridgeInstruments? instruments = null)
    {
        _context = new BridgeContext(
            context, instruments ?? new BridgeInstruments(context.Meter), context.Loggers.CreateLogger<IngressBridges>());
        _bridges = [.. context.Options.Ingress.Select(options => new IngressBridge(options, _context))];
    }

    /// <summary>Whether all addresses are open.</summary>
    public bool IsOpen
    {
        get
        {
            lock (_gate)
                return _open is { IsOpen: true };
        }
    }

    /// <summary>Connections that are open, those of addresses that were closed included.</summary>
    public int Connections
    {
        get
        {
            lock (_gate)
                return (_open?.Connections ?? 0) + _closed.Sum(static closed => closed.Group.Connections);
        }
    }

    /// <summary>Binds and serves all addresses; nothing while they are open. Not before a close has completed.</summary>
    /// <exception cref="ListenException">One cannot be listened on; none is open then.</exception>
    public void Open()
    {
        lock (_gate)
            _open ??= BridgeGroup.Open(_bridges);
    }

    /// <summary>Closes the addresses, so that a dial is refused; connections that are open go on. They may be opened again then.</summary>
    public Task CloseAsync()
    {
        lock (_gate)
        {
            if (_open is not { } group)
                return _closing;
            _open = null;
            _closing = group.CloseAsync();
            _closed.RemoveAll(static closed => closed.Over.IsCompletedSuccessfully);
            _closed.Add((group, DrainAsync(group)));
            return _closing;
        }
    }

    /// <summary>Closes the addresses and waits until all connections are over; when the token fires, what is left is cut off.</summary>
    public async Task StopAsync(CancellationToken cut)
    {
        await CloseAsync();
        Task[] closed;
        lock (_gate)
            closed = [.. _closed.Select(static one => one.Over)];
        await using var cutting = cut.UnsafeRegister(static self => ((IngressBridges)self!)._cut.Cancel(), this);
        await Task.WhenAll(closed);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _cut.CancelAsync();
        await StopAsync(_cut.Token);
        _context.Dispose();
    }

    private async Task DrainAsync(BridgeGroup group)
    {
        await group.StopAsync(_cut.Token);
        await group.DisposeAsync();
    }
}
