using System.Globalization;
using ParentProxy.Scenarios.Wire;
using ParentProxy.Tests.Transparency;

namespace ParentProxy.Scenarios.Fronts;

/// <summary>nginx as a careful operator sets it up.</summary>
internal sealed class NginxFront : IFront, IReloadable
{
    /// <summary>Where Debian puts it.</summary>
    public const string Program = "/usr/sbin/nginx";

    private const string Configuration = "nginx.conf";
    private const int HangUp = 1;

    private readonly FrontProcess _process = new();

    private NginxFront()
    {
    }

    /// <inheritdoc/>
    public int Port { get; } = Ports.Next();

    /// <inheritdoc/>
    public IReadOnlyList<string> Log => _process.Lines;

    /// <summary>Starts it.</summary>
    public static async Task<IFront> StartAsync(IReadOnlyList<Backend> backends, CancellationToken cancellationToken)
    {
        var front = new NginxFront();
        try
        {
            await front.WriteAsync(backends, cancellationToken);
            await front._process.StartAsync(
                Program,
                ["-e", "stderr", "-p", front._process.Folder, "-c", front._process.File(Configuration)],
                front.Port,
                cancellationToken);
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
        _process.Signal(HangUp);

        // Said before the new workers take over; what follows in a scenario is half a second away.
        await _process.UntilLineAsync("start worker process", "[emerg]", before, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task ReloadBadlyAsync(CancellationToken cancellationToken)
    {
        var before = Log.Count;
        await _process.WriteAsync(Configuration, "events { worker_connections none; }\n", cancellationToken);
        _process.Signal(HangUp);
        await _process.UntilLineAsync("[emerg]", null, before, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private Task WriteAsync(IReadOnlyList<Backend> backends, CancellationToken cancellationToken)
    {
        var servers = backends.Select(b => string.Create(CultureInfo.InvariantCulture, $"server 127.0.0.1:{b.Port} weight={b.Weight};"));
        return _process.WriteAsync(
            Configuration,
            PeerConfiguration.Nginx(FrontKind.Use, ("servers", string.Join("\n    ", servers)), ("port", Port)),
            cancellationToken);
    }
}
