using System.Globalization;
using System.Text.Json;
using ParentProxy.Scenarios.Fronts;
using ParentProxy.Scenarios.Wire;
using ParentProxy.Tests.Transparency;

namespace ParentProxy.Scenarios.Discovery;

/// <summary>Our server, which finds its enclaves by asking nitro-cli.</summary>
internal sealed class DiscoveringFront : IFront
{
    private const string Settings = "settings.json";
    private const string Told = "enclaves.json";
    private const string NitroCli = "nitro-cli";

    private static readonly JsonSerializerOptions Pretty = new() { WriteIndented = true };

    private readonly FrontProcess _process = new();

    private DiscoveringFront()
    {
    }

    /// <inheritdoc/>
    public int Port { get; } = Ports.Next();

    /// <inheritdoc/>
    public IReadOnlyList<string> Log => _process.Lines;

    /// <summary>Starts it.</summary>
    /// <param name="interval">How often it asks.</param>
    /// <param name="places">The ports behind CIDs, also of enclaves that are not there yet.</param>
    /// <param name="told">What it is told first.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<IFront> StartAsync(
        TimeSpan interval, IEnumerable<(uint Cid, int Port)> places, IEnumerable<FoundEnclave> told, CancellationToken cancellationToken)
    {
        var front = new DiscoveringFront();
        try
        {
            await front.WriteAsync(interval, cancellationToken);
            await front.TellAsync(told, cancellationToken);
            File.CreateSymbolicLink(front._process.File(NitroCli), Path.Combine(PeerConfiguration.Harness, "fake-nitro-cli"));
            await front._process.StartAsync(
                "discovering-proxy",
                [
                    front._process.File(Settings),
                    .. places.Select(place => string.Create(CultureInfo.InvariantCulture, $"{place.Cid}={place.Port}"))],
                front.Port,
                cancellationToken);
            await front._process.UntilLineAsync(DiscoveryHost.Ready, null, 0, cancellationToken);
            return front;
        }
        catch
        {
            await front.DisposeAsync();
            throw;
        }
    }

    /// <summary>From its next call on, nitro-cli tells of these.</summary>
    public Task TellAsync(IEnumerable<FoundEnclave> enclaves, CancellationToken cancellationToken) =>
        _process.WriteAsync(Told, JsonSerializer.Serialize(enclaves.Select(e => e.Description), Pretty), cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private Task WriteAsync(TimeSpan interval, CancellationToken cancellationToken) => _process.WriteAsync(
        Settings,
        JsonSerializer.Serialize(new
        {
            Kestrel = new { Endpoints = new { Http = new { Url = $"http://127.0.0.1:{Port}" } } },
            Admin = new { Url = $"http://127.0.0.1:{Ports.Next()}" },
            Discovery = new { Enabled = true, NitroCli = _process.File(NitroCli), Interval = interval },
        }),
        cancellationToken);
}
