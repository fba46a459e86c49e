using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;
using ParentProxy.Hosting;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Hosting;

/// <summary>A probe that fails in the moment of the stop.</summary>
public sealed class StopWithProbeTests
{
    [Fact]
    public async Task Dispose_WhileAProbeFails_EndsWithoutAFault()
    {
        var options = ConfigurationLoader.Load(new ConfigurationSources
        {
            SystemFile = null,
            ShippedFile = null,
            CommandLine =
            [
                new("Enclaves:0:Transport", "tcp"), new("Enclaves:0:TcpHost", "127.0.0.1"), new("Enclaves:0:Port", "1"),
                new("Kestrel:Endpoints:Http:Url", "http://127.0.0.1:0"), new("Admin:Url", "http://127.0.0.1:0"),
            ],
        }).Options!;
        var dialer = new LateDialer();
        var server = new ProxyServer(new ActiveConfiguration(options), NullLoggerFactory.Instance, TimeProvider.System, dialer);
        await server.StartAsync(CancellationToken.None);
        await dialer.Dialled.WaitAsync(TestDeadline.Value);

        await server.DisposeAsync().AsTask().WaitAsync(TestDeadline.Value);
    }

    /// <summary>Is refused just when it should give up.</summary>
    private sealed class LateDialer : IEnclaveDialer
    {
        private readonly TaskCompletionSource _dialled = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Dialled => _dialled.Task;

        public async Task<EnclaveStream> DialAsync(EnclaveEndpoint endpoint, TimeSpan timeout, CancellationToken cancellationToken)
        {
            _dialled.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw DialException.TimedOut(endpoint, timeout);
        }
    }
}
