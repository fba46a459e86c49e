using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Discovery;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;
using ParentProxy.Telemetry.Metrics;
using ParentProxy.Tests.Simulator;

namespace ParentProxy.Tests.Enclaves;

public sealed class EnclaveGaugesTests : IAsyncDisposable
{
    /// <summary>More than OpenTelemetry keeps places for.</summary>
    private const int Restarts = 2100;

    private readonly ManualTimeProvider _time = new();
    private readonly ProxyMeter _meter = new();
    private readonly ActiveConfiguration _configuration = new(Options("0", "vsock://16:6300"));
    private readonly EnclaveRegistry _registry;
    private readonly EnclaveGauges _gauges;
    private readonly MetricsPipeline _pipeline;

    public EnclaveGaugesTests()
    {
        var (dialer, meter) = (new EnclaveDialer(new VsockOptions(), _time), new EnclaveMeter(_meter.Meter));
        _registry = new EnclaveRegistry(_configuration, dialer, _time, meter, NullLogger<EnclaveRegistry>.Instance);
        _registry.Apply(_configuration.Options);
        _gauges = new EnclaveGauges(_registry, _meter.NewMeter);
        _pipeline = new MetricsPipeline([_meter], NullLogger.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await _pipeline.DisposeAsync();
        _registry.Close();
        _gauges.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public async Task Changed_AfterMoreRestartsThanThereArePlaces_TheEndpointOfNowIsShown_AndNoOther()
    {
        for (var cid = 17; cid < 17 + Restarts; cid++)
        {
            Apply(Options("0", $"vsock://{cid}:6300"));
            Assert.Equal(
                [$"parentproxy_enclave_info{{otel_scope_name=\"ParentProxy\",enclave=\"0\",endpoint=\"vsock://{cid}:6300\",name=\"0\",transport=\"vsock\"}} 1"],
                Series(await ScrapeAsync(), "parentproxy_enclave_info"));
        }
    }

    [Fact]
    public async Task Changed_AfterMoreNamesThanThereArePlaces_TheStatesOfNowAreShown()
    {
        for (var i = 0; i < Restarts; i++)
        {
            Apply(Options($"e{i}", "vsock://16:6300"));
            var id = $"enclave=\"e{i}\"";
            var scrape = await ScrapeAsync();
            var states = Series(scrape, "parentproxy_enclave_state");
            Assert.All(states, series => Assert.Contains(id, series, StringComparison.Ordinal));
            Assert.Contains($"parentproxy_enclave_state{{otel_scope_name=\"ParentProxy\",{id},state=\"starting\"}} 1", states);
            Assert.Equal(3, Series(scrape, "parentproxy_enclave_connections").Length);
            Assert.Equal(
                [$"parentproxy_requests_in_flight{{otel_scope_name=\"ParentProxy\",{id}}} 0"],
                Series(scrape, "parentproxy_requests_in_flight"));
        }
    }

    [Fact]
    public async Task Changed_AfterMoreRefusedEnclavesThanThereArePlaces_TheOneOfNowIsShown()
    {
        for (var i = 0; i < Restarts; i++)
        {
            _registry.Known =
                [new KnownEnclave(new DescribedEnclave($"refused-{i}", "i-1", 20) { MemoryMiB = 64 }, Id: null, Refusal: "debug mode")];
            _registry.Refresh();
            Assert.Equal(
                [$"parentproxy_enclave_memory_bytes{{otel_scope_name=\"ParentProxy\",enclave=\"refused-{i}\"}} 67108864"],
                Series(await ScrapeAsync(), "parentproxy_enclave_memory_bytes"));
        }
    }

    [Fact]
    public async Task Changed_WithMoreEnclavesThanHaveRoom_AllAreShown()
    {
        var many = Enumerable.Range(0, 250).Select(i => ($"e{i}", $"vsock://{100 + i}:6300")).ToArray();
        for (var i = 0; i < 3; i++)
        {
            Apply(Options([.. many, ($"x{i}", "vsock://99:6300")]));
            var scrape = await ScrapeAsync();
            Assert.Equal(251, Series(scrape, "parentproxy_enclave_info").Length);
            Assert.Equal(251 * Enum.GetValues<EnclaveState>().Length, Series(scrape, "parentproxy_enclave_state").Length);
        }
    }

    private static ProxyOptions Options(string id, string endpoint) => Options((id, endpoint));

    private static ProxyOptions Options(params (string Id, string EndPoint)[] enclaves) => new()
    {
        Sections = new ConfigurationBuilder().Build(),
        Enclaves = [.. enclaves.Select(enclave => new EnclaveOptions(enclave.Id, enclave.Id, EndPoint(enclave.EndPoint)))],
    };

    private static EnclaveEndpoint EndPoint(string text) =>
        EnclaveEndpoint.TryParse(text, out var endpoint, out var reason) ? endpoint! : throw new ArgumentException(reason);

    private void Apply(ProxyOptions options)
    {
        _configuration.Replace(options);
        _registry.Apply(options);
    }

    private static string[] Series(string scrape, string name) =>
        [.. scrape.Split('\n').Where(line => line.StartsWith($"{name}{{", StringComparison.Ordinal))];

    private async Task<string> ScrapeAsync()
    {
        var context = new DefaultHttpContext();
        using var body = new MemoryStream();
        context.Response.Body = body;
        await _pipeline.ScrapeAsync(context);
        return Encoding.UTF8.GetString(body.ToArray());
    }
}
