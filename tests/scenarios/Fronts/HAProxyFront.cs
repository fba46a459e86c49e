using System.Globalization;
using ParentProxy.Scenarios.Wire;
using ParentProxy.Tests.Transparency;

namespace ParentProxy.Scenarios.Fronts;

/// <summary>HAProxy as a careful operator sets it up.</summary>
internal sealed class HAProxyFront : IFront, IReloadable
{
    /// <summary>Where Debian puts it.</summary>
    public const string Program = "/usr/sbin/haproxy";

    private const string Configuration = "haproxy.cfg";
    private const int User2 = 12;

    private readonly FrontProcess _process = new();

    private HAProxyFront()
    {
    }

    /// <inheritdoc/>
    public int Port { get; } = Ports.Next();

    /// <inheritdoc/>
    public IReadOnlyList<string> Log => _process.Lines;

    /// <summary>Starts it.</summary>
    public static async Task<IFront> StartAsync(IReadOnlyList<Backend> backends, CancellationToken cancellationToken)
    {
        var front = new HAProxyFront();
        try
        {
            await front.WriteAsync(backends, cancellationToken);
            await front._process.StartAsync(
                Program, ["-W", "-db", "-f", front._process.File(Configuration)], front.Port, cancellationToken);
            return front;
        }
        catch
        {
            await front.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task ReloadAsync(IReadOnlyList<Backend> backends, CancellationToken cancellationToken)
    {
        var before = Log.Count;
        await WriteAsync(backends, cancellationToken);
        _process.Signal(User2);
        await _process.UntilLineAsync("Loading success", "[ALERT]", before, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task ReloadBadlyAsync(CancellationToken cancellationToken)
    {
        var before = Log.Count;
        await _process.WriteAsync(Configuration, "backend enclaves\n  balance none\n", cancellationToken);
        _process.Signal(User2);
        await _process.UntilLineAsync("[ALERT]", null, before, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private Task WriteAsync(IReadOnlyList<Backend> backends, CancellationToken cancellationToken)
    {
        var servers = backends.Select(
            b => string.Create(CultureInfo.InvariantCulture, $"server {b.Name} 127.0.0.1:{b.Port} weight {b.Weight}"));
        return _process.WriteAsync(
            Configuration,
            PeerConfiguration.HAProxy(
                FrontKind.Use, ("servers", string.Join("\n  ", servers)), ("port", Port), ("folder", _process.Folder)),
            cancellationToken);
    }
}
