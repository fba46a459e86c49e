using ParentProxy.Simulator;

namespace ParentProxy.Tests.Support;

/// <summary>A simulated enclave on one of the transports, with the folder of its socket file.</summary>
internal sealed class TestEnclave : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory;

    private TestEnclave(SimulatedEnclave simulated, TemporaryDirectory directory)
    {
        Simulated = simulated;
        _directory = directory;
    }

    public SimulatedEnclave Simulated { get; private set; }

    public string EndPoint => Simulated.EndPoint;

    public static async Task<TestEnclave> StartAsync(string transport = "unix", bool http2 = false, string name = "simulated-enclave")
    {
        var directory = new TemporaryDirectory();
        var listen = transport switch
        {
            "unix" => "unix:" + directory.File("e.sock"),
            "hybrid" => $"hybrid:{directory.File("v.sock")}:6300",
            _ => "tcp://127.0.0.1:0",
        };
        return new TestEnclave(
            await SimulatedEnclave.StartAsync(new SimulatorOptions { Listen = listen, Http2 = http2, Name = name }), directory);
    }

    /// <summary>Dies at once, with all connections.</summary>
    public async Task KillAsync()
    {
        await Simulated.StopAsync(new CancellationToken(canceled: true));
        await Simulated.DisposeAsync();
    }

    /// <summary>Comes back at the same endpoint.</summary>
    public async Task RestartAsync() =>
        Simulated = await SimulatedEnclave.StartAsync(new SimulatorOptions { Listen = EndPoint, Name = Simulated.Name });

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _directory.Dispose();
    }
}
