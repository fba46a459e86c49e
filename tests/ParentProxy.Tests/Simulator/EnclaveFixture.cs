using ParentProxy.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Simulator;

/// <summary>One enclave and a client of it.</summary>
internal sealed class EnclaveFixture : IAsyncDisposable
{
    private EnclaveFixture(SimulatedEnclave enclave, bool http2)
    {
        Enclave = enclave;
        Http = EnclaveClient.Http(enclave.EndPoint, http2);
    }

    public SimulatedEnclave Enclave { get; }

    public HttpClient Http { get; }

    public static Task<EnclaveFixture> StartAsync(bool http2 = false) =>
        StartAsync(new SimulatorOptions { Listen = "tcp://127.0.0.1:0", Http2 = http2 });

    public static async Task<EnclaveFixture> StartAsync(SimulatorOptions options) =>
        new(await SimulatedEnclave.StartAsync(options), options.Http2);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        // In order, not at once: what hangs here is a defect.
        await Enclave.StopAsync().WaitAsync(TestDeadline.Value);
        await Enclave.DisposeAsync();
    }
}
