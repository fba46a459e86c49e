using System.Net;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Sockets;

namespace ParentProxy.Inside.Bridges;

/// <summary>
/// What programs inside reach on the parent: its HTTP proxy (<c>Enclave:Connect</c>), addresses of it (<c>Enclave:Forwards</c>), and
/// names by way of its HTTP proxy (<c>Enclave:Transparent</c>).
/// </summary>
internal sealed class ParentBridges : IAsyncDisposable
{
    private readonly BridgeContext _context;
    private readonly Bridge[] _bridges;
    private BridgeGroup? _open;

    /// <summary>Nothing is open yet.</summary>
    /// <param name="context">What the program shares.</param>
    /// <param name="instruments">What is counted of all bridges; null for counters of its own.</param>
    public ParentBridges(InsideContext context, BridgeInstruments? instruments = null)
    {
        _context = new BridgeContext(
            context, instruments ?? new BridgeInstruments(context.Meter), context.Loggers.CreateLogger<ParentBridges>());
        Names = TransparentNames.Assign(context.Options.Transparent?.Hosts ?? []);
        _bridges = [.. Connect(context.Options), .. Forwards(context.Options), .. Transparent(context.Options)];
    }

    /// <summary>The names of <c>Enclave:Transparent</c>, each with the address that <c>/etc/hosts</c> has to give it.</summary>
    public IReadOnlyList<(string Name, IPAddress Address)> Names { get; }

    /// <summary>Whether all addresses are open.</summary>
    public bool IsOpen => _open is { IsOpen: true };

    /// <summary>Connections that are open.</summary>
    public int Connections => _open?.Connections ?? 0;

    /// <summary>Binds and serves all addresses; nothing when they are open.</summary>
    /// <exception cref="ListenException">One cannot be listened on; none is open then.</exception>
    public void Open() => _open ??= BridgeGroup.Open(_bridges);

    /// <summary>Closes the addresses and waits until all connections are over; when the token fires, what is left is cut off.</summary>
    public async Task StopAsync(CancellationToken cut)
    {
        if (_open is null)
            return;
        await _open.CloseAsync();
        await _open.StopAsync(cut);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_open is not null)
            await _open.DisposeAsync();
        _context.Dispose();
    }

    private IEnumerable<Bridge> Connect(InsideOptions options) =>
        options.Connect is { } connect ? [new ConnectBridge(connect, _context)] : [];

    private IEnumerable<Bridge> Forwards(InsideOptions options) => options.Forwards.Select(
        forward => new Bridge(forward.Listen, forward.To, "Enclave:Forwards", forward.Listen.Text, _context));

    private IEnumerable<Bridge> Transparent(InsideOptions options)
    {
        if (options.Transparent is not { } transparent)
            return [];
        var addresses = Names.ToDictionary(static name => name.Name, static name => name.Address, StringComparer.Ordinal);
        return transparent.Hosts.Distinct().Select(
            host => new TransparentBridge(host, addresses[host.Host], transparent.To, _context));
    }
}
