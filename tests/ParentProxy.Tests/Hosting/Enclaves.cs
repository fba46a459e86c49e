using ParentProxy.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Hosting;

/// <summary>Simulated enclaves in this process, on sockets of one folder.</summary>
internal sealed class Enclaves : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly List<SimulatedEnclave> _running = [];

    public SimulatedEnclave this[int index] => _running[index];

    public static async Task<Enclaves> StartAsync(params string[] names)
    {
        var enclaves = new Enclaves();
        foreach (var name in names)
            await enclaves.AddAsync(name);
        return enclaves;
    }

    public string File(string name) => _directory.File(name);

    /// <summary>Starts one more.</summary>
    /// <returns>Its URI.</returns>
    public async Task<string> AddAsync(string name, string? listen = null)
    {
        var enclave = await SimulatedEnclave.StartAsync(
            new SimulatorOptions { Name = name, Listen = listen ?? $"unix:{_directory.File(name)}.sock" });
        _running.Add(enclave);
        return enclave.EndPoint;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var enclave in _running)
        {
            await enclave.StopAsync(new CancellationToken(canceled: true));
            await enclave.DisposeAsync();
        }

        _directory.Dispose();
    }
}
