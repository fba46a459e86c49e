using System.Text.Json;
using ParentProxy.Scenarios.Wire;

namespace ParentProxy.Scenarios.Fronts;

/// <summary>The real program; everything at its default but where things are, and weights that differ.</summary>
internal sealed class OurFront : IFront, IReloadable
{
    private const string Settings = "settings.json";
    private const int HangUp = 1;

    private readonly FrontProcess _process = new();
    private readonly int _admin = Ports.Next();

    private OurFront()
    {
    }

    /// <inheritdoc/>
    public int Port { get; } = Ports.Next();

    /// <inheritdoc/>
    public IReadOnlyList<string> Log => _process.Lines;

    /// <summary>Starts it and waits for the first round of probes.</summary>
    public static async Task<IFront> StartAsync(IReadOnlyList<Backend> backends, CancellationToken cancellationToken)
    {
        var front = new OurFront();
        try
        {
            await front.WriteAsync(backends, cancellationToken);
            await front._process.StartAsync(
                "parent-proxy", ["run", "--config", front._process.File(Settings)], front.Port, cancellationToken);
            await front._process.UntilLineAsync("First round of probes", null, 0, cancellationToken);
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
        await _process.UntilLineAsync("Configuration reloaded", "refused", before, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task ReloadBadlyAsync(CancellationToken cancellationToken)
    {
        var before = Log.Count;
        await _process.WriteAsync(
            Settings,
            """{ "Retries": {}, "Limits": { "MaxConnections": -1 }, "Enclaves": [{ "Cid": 0, "Port": 1 }] }""",
            cancellationToken);
        _process.Signal(HangUp);
        await _process.UntilLineAsync("refused", null, before, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private Task WriteAsync(IReadOnlyList<Backend> backends, CancellationToken cancellationToken)
    {
        var areWeighted = backends.Any(b => b.Weight != backends[0].Weight);
        var settings = new Dictionary<string, object>
        {
            ["Kestrel"] = new { Endpoints = new { Http = new { Url = $"http://127.0.0.1:{Port}" } } },
            ["Admin"] = new { Url = $"http://127.0.0.1:{_admin}" },
            ["Enclaves"] = backends.Select(b => areWeighted
                ? (object)new { Id = b.Name, Transport = "tcp", TcpHost = "127.0.0.1", b.Port, b.Weight }
                : new { Id = b.Name, Transport = "tcp", TcpHost = "127.0.0.1", b.Port }).ToList(),
        };

        // The only policy that reads weights.
        if (areWeighted)
            settings["Routing"] = new { LoadBalancing = "LeastRequests" };
        return _process.WriteAsync(Settings, JsonSerializer.Serialize(settings), cancellationToken);
    }
}
