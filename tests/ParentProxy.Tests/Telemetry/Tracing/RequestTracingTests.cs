using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using ParentProxy.Simulator;
using ParentProxy.Tests.Hosting;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Telemetry.Tracing;

/// <summary>Spans of the real proxy, at a collector. One class: what listens to spans does so in the whole process.</summary>
public sealed class RequestTracingTests : IAsyncLifetime
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";
    private const string ParentId = "b7ad6b7169203331";

    private Collector _collector = null!;

    public async ValueTask InitializeAsync() => _collector = await Collector.StartAsync();

    public async ValueTask DisposeAsync() => await _collector.DisposeAsync();

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Request_OfATrace_ContinuesIt(string version)
    {
        await using var enclave = await TestEnclave.StartAsync(http2: version == "2");
        Echo echo;
        await using (var proxy = await StartAsync(enclave.Simulated, $"Routing:HttpVersion={version}"))
        {
            await using var client = await proxy.ConnectAsync();
            await client.SendAsync(
                $"GET /echo?secret=1 HTTP/1.1\r\nHost: example.test\r\ntraceparent: 00-{TraceId}-{ParentId}-01\r\n"
                    + "tracestate: vendor=1,other=2\r\nbaggage: a=b;p=q\r\nX-Request-Id: mine\r\n\r\n");
            echo = Echo.Parse(await client.ReadMessageAsync());
            // A client that leaves before the stream of the enclave has ended cancels it.
            await Eventually.TrueAsync(() => proxy.Server.Registry.All[0].InFlight == 0);
        }

        var request = _collector.Server("/echo");
        var attempt = Assert.Single(_collector.Attempts(request));
        Assert.Equal((TraceId, ParentId, "GET", "parent-proxy"), (request.TraceId, request.ParentId, request.Name, request.Service));
        Assert.Equal(
            ($"00-{TraceId}-{attempt.Id}-01", "vendor=1,other=2", "a=b;p=q"),
            (echo.Field("traceparent"), echo.Field("tracestate"), echo.Field("baggage")));
        Assert.Equal(("GET", "200", "0", "mine", "example.test", "127.0.0.1"), (
            request.Attributes["http.request.method"],
            request.Attributes["http.response.status_code"],
            request.Attributes["parentproxy.enclave"],
            request.Attributes["parentproxy.request_id"],
            request.Attributes["server.address"],
            request.Attributes["client.address"]));
        Assert.Equal(("GET", "200", "0", "unix", enclave.EndPoint["unix:".Length..], "/echo"), (
            attempt.Attributes["http.request.method"],
            attempt.Attributes["http.response.status_code"],
            attempt.Attributes["parentproxy.enclave"],
            attempt.Attributes["network.transport"],
            attempt.Attributes["server.address"],
            attempt.Attributes["url.path"]));
        Assert.False(request.IsError || attempt.IsError);
        Assert.DoesNotContain(
            _collector.Spans.SelectMany(span => span.Attributes.Values), value => value.Contains("secret", StringComparison.Ordinal));
        Assert.True(_collector.Metrics > 0);
    }

    [Theory]
    [InlineData("1.1", "")]
    [InlineData("2", "")]
    [InlineData("1.1", "traceparent: 00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01\r\ntracestate: a=b\r\n")]
    [InlineData("2", "traceparent: not a traceparent\r\ntracestate: a=b\r\n")]
    public async Task Request_OfNoValidTrace_BeginsOne(string version, string fields)
    {
        await using var enclave = await TestEnclave.StartAsync(http2: version == "2");
        Echo echo;
        await using (var proxy = await StartAsync(enclave.Simulated, $"Routing:HttpVersion={version}"))
            echo = await proxy.EchoAsync(fields);

        var request = _collector.Server("/echo");
        Assert.Equal("", request.ParentId);
        Assert.Equal($"00-{request.TraceId}-{Assert.Single(_collector.Attempts(request)).Id}-01", echo.Field("traceparent"));
        Assert.Null(echo.Field("tracestate"));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Request_OfATraceThatIsNotSampled_PassesThatOnAndExportsNothing(string version)
    {
        await using var enclave = await TestEnclave.StartAsync(http2: version == "2");
        Echo echo;
        await using (var proxy = await StartAsync(enclave.Simulated, $"Routing:HttpVersion={version}"))
            echo = await proxy.EchoAsync($"traceparent: 00-{TraceId}-{ParentId}-00\r\n");

        Assert.Matches($"^00-{TraceId}-[0-9a-f]{{16}}-00$", echo.Field("traceparent"));
        Assert.Empty(_collector.Spans);
    }

    [Fact]
    public async Task Request_OnARouteWithTransforms_IsToldOfTheTry()
    {
        await using var enclave = await TestEnclave.StartAsync();
        Echo echo;
        await using (var proxy = await StartAsync(
            enclave.Simulated,
            "ReverseProxy:Routes:r:ClusterId=enclaves",
            "ReverseProxy:Routes:r:Match:Path=/t/{**rest}",
            "ReverseProxy:Routes:r:Transforms:0:PathRemovePrefix=/t"))
        {
            echo = await proxy.EchoAsync($"traceparent: 00-{TraceId}-{ParentId}-01\r\n", target: "/t/echo");
        }

        Assert.Equal($"00-{TraceId}-{Assert.Single(_collector.Attempts(_collector.Server("/t/echo"))).Id}-01", echo.Field("traceparent"));
    }

    [Fact]
    public async Task Request_TriedAgain_HasASpanForEachTry()
    {
        using var closed = new ClosedPort();
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using (var proxy = await TestProxy.StartAsync(
            dialer: null,
            _collector.Settings,
            [
                .. TestProxy.Enclave(0, closed.EndPoint),
                .. TestProxy.Enclave(1, enclave.EndPoint),
                "Health:Probe:Enabled=false",
                "Routing:LoadBalancing=FirstAlphabetical"]))
        {
            Assert.Equal(204, (await proxy.ExchangeAsync("PURGE /x HTTP/1.1\r\nHost: x\r\n\r\n")).Status);
        }

        var request = _collector.Server("/x");
        Assert.Equal(("HTTP", "_OTHER", "PURGE", false), (
            request.Name,
            request.Attributes["http.request.method"],
            request.Attributes["http.request.method_original"],
            request.IsError));
        var tries = _collector.Attempts(request);
        Assert.Equal(["0", "1"], tries.Select(span => span.Attributes["parentproxy.enclave"]));
        Assert.Equal((true, "ECONNREFUSED"), (tries[0].IsError, tries[0].Attributes["error.type"]));
        Assert.Equal(
            (false, "connect", "1"),
            (tries[1].IsError, tries[1].Attributes["parentproxy.retry.reason"], tries[1].Attributes["http.request.resend_count"]));
        Assert.Equal($"00-{request.TraceId}-{tries[1].Id}-01", Assert.Single(enclave.Requests).Field("traceparent"));
    }

    [Fact]
    public async Task Request_Fails_IsAnErrorOfBoth()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using (var proxy = await StartAsync(enclave.Simulated, "Retry:Enabled=false"))
            Assert.Equal(HttpStatusCode.BadGateway, (await proxy.Http.PostAsync("/reset", new StringContent("x"))).StatusCode);

        var request = _collector.Server("/reset");
        Assert.Equal((true, "502"), (request.IsError, request.Attributes["http.response.status_code"]));
        Assert.True(Assert.Single(_collector.Attempts(request)).IsError);
        Assert.Equal(request.Attributes["error.type"], _collector.Attempts(request)[0].Attributes["error.type"]);
    }

    [Fact]
    public async Task Health_HasNoSpan()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using (var proxy = await StartAsync(enclave.Simulated))
            Assert.Equal(HttpStatusCode.OK, (await proxy.Http.GetAsync("/health")).StatusCode);

        Assert.Empty(_collector.Spans);
    }

    [Fact]
    public async Task AccessLog_HoldsTheIdOfTheTrace()
    {
        using var directory = new TemporaryDirectory();
        await using var enclave = await TestEnclave.StartAsync();
        await using (var proxy = await StartAsync(
            enclave.Simulated, "AccessLog:Mode=all", "AccessLog:Sink=file", $"AccessLog:Path={directory.File("a")}"))
            await proxy.EchoAsync();

        using var line = JsonDocument.Parse(Assert.Single(File.ReadAllLines(directory.File("a"))));
        Assert.Equal(_collector.Server("/echo").TraceId, line.RootElement.GetProperty("traceId").GetString());
    }

    [Fact]
    public async Task Metrics_OfARequest_PointToItsSpan()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await StartAsync(enclave.Simulated);
        await proxy.EchoAsync($"traceparent: 00-{TraceId}-{ParentId}-01\r\n");
        proxy.Admin.DefaultRequestHeaders.Add("Accept", "application/openmetrics-text; version=1.0.0");

        // How long it took is known at its end, which comes after its answer.
        var text = "";
        await Eventually.TrueAsync(
            async () => Regex.IsMatch(
                text = await proxy.Admin.GetStringAsync("/metrics"),
                $"parentproxy_request_duration_seconds_bucket.*trace_id=\"{TraceId}\""),
            () => text);
    }

    [Fact]
    public async Task WithoutACollector_ThereIsNoActivity()
    {
        Activity? current = null;
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated);
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "ParentProxy",
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStarted = activity => current = activity,
        };
        ActivitySource.AddActivityListener(listener);

        var echo = await proxy.EchoAsync($"traceparent: 00-{TraceId}-{ParentId}-01\r\n");

        Assert.Equal($"00-{TraceId}-{ParentId}-01", echo.Field("traceparent"));
        Assert.Null(current);
    }

    [Fact]
    public async Task Program_WithTheVariables_ExportsAtTheLatestAtItsEnd()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var process = ProxyProcess.Run(new ProxyStart
        {
            Configuration = Settings.For(enclave.EndPoint),
            Environment = new Dictionary<string, string>
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = _collector.Settings.Collector!.ToString(),
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
                ["OTEL_SERVICE_NAME"] = "mine",
            },
        });
        await process.ReadyAsync();

        Assert.Equal(200, (await process.GetAsync("/echo")).Status);
        Assert.Equal(0, await process.StopAsync(Signal.Term));

        Assert.Equal("mine", _collector.Server("/echo").Service);
        Assert.True(_collector.Metrics > 0);
    }

    private Task<TestProxy> StartAsync(SimulatedEnclave enclave, params string[] settings) =>
        TestProxy.StartAsync(dialer: null, _collector.Settings, [.. TestProxy.Enclave(0, enclave.EndPoint), .. settings]);
}
