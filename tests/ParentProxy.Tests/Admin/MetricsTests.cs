using System.IO.Compression;
using System.Text;
using ParentProxy.Tests.Hosting;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Admin;

/// <summary>What a Prometheus gets from the running proxy.</summary>
public sealed class MetricsTests
{
    [Fact]
    public async Task Metrics_AfterARequest_CountIt()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated);
        await proxy.EchoAsync();

        using var answer = await proxy.Admin.GetAsync("/metrics");
        var text = await answer.Content.ReadAsStringAsync();

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
        Assert.Contains(
            "\nparentproxy_requests_total{otel_scope_name=\"ParentProxy\",code=\"200\",enclave=\"0\",method=\"GET\"} 1\n",
            text,
            StringComparison.Ordinal);
        Assert.Contains(
            "\nparentproxy_enclave_state{otel_scope_name=\"ParentProxy\",enclave=\"0\",state=\"healthy\"} 1\n",
            text,
            StringComparison.Ordinal);
        Assert.Contains("\nprocess_open_fds{", text, StringComparison.Ordinal);
        Assert.Contains("\ntarget_info{", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, 200, 1)]
    [InlineData(false, 503, 0)]
    public async Task Metrics_Ready_SaysWhatHealthReadyDoes(bool isUp, int status, int value)
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.StartAsync(TestProxy.Enclave(0, isUp ? enclave.EndPoint : "unix:/nonexistent/e.sock"));
        using var ready = await proxy.Admin.GetAsync("/health/ready");

        Assert.Equal(status, (int)ready.StatusCode);
        Assert.Contains(
            $"\nparentproxy_ready{{otel_scope_name=\"ParentProxy\"}} {value}\n",
            await proxy.Admin.GetStringAsync("/metrics"),
            StringComparison.Ordinal);
    }

    /// <summary>The platform records a request and a connection after their end, which the client may see before.</summary>
    [Fact]
    public async Task Metrics_OfThePlatform_CountARequestOnceItIsOver()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated);
        await proxy.EchoAsync(method: "PUT");

        // Scrapes are counted beside it, as GET and on the port of the administration.
        var text = "";
        await Eventually.TrueAsync(
            async () =>
            {
                text = await proxy.Admin.GetStringAsync("/metrics");
                return Has("http_server_request_duration_seconds_count", "http_request_method=\"PUT\"")
                    && Has("kestrel_connection_duration_seconds_count", $"server_port=\"{proxy.Uri.Port}\"");
            },
            () => text);

        bool Has(string name, string label) =>
            text
                .Split('\n')
                .Any(line => line.StartsWith(name + '{', StringComparison.Ordinal) && line.Contains(label, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Metrics_OfAnEnclaveThatLeft_AreGoneButForWhatWasCounted()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.StartAsync(
            [.. TestProxy.Enclave(0, enclave.EndPoint), "Enclaves:0:Name=stays", .. TestProxy.Enclave(1, "unix:/nonexistent/e.sock")]);
        Assert.Contains(
            "parentproxy_enclave_info{otel_scope_name=\"ParentProxy\",enclave=\"1\"",
            await proxy.Admin.GetStringAsync("/metrics"),
            StringComparison.Ordinal);

        proxy.ApplyWithout("Enclaves:1");

        var text = "";
        await Eventually.TrueAsync(
            async () => !(text = await proxy.Admin.GetStringAsync("/metrics")).Contains(
                "parentproxy_enclave_info{otel_scope_name=\"ParentProxy\",enclave=\"1\"", StringComparison.Ordinal),
            () => text);
        Assert.DoesNotContain("parentproxy_enclave_state{otel_scope_name=\"ParentProxy\",enclave=\"1\"", text, StringComparison.Ordinal);
        Assert.Contains(
            "parentproxy_probes_total{otel_scope_name=\"ParentProxy\",enclave=\"1\",result=\"ENOENT\"}", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_OfAnEnclaveThatLeavesWithRequests_TellOfThemUntilTheyEnd()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy =
            await TestProxy.StartAsync([.. TestProxy.Enclave(0, enclave.EndPoint), .. TestProxy.Enclave(1, enclave.EndPoint + "-none")]);
        await using (var client = await proxy.ConnectAsync())
        {
            await client.SendAsync("GET /hang HTTP/1.1\r\nHost: x\r\n\r\n");

            // One that has no connection yet would go elsewhere.
            await Eventually.TrueAsync(() => enclave.Simulated.Requests == 1);
            proxy.ApplyWithout("Enclaves:0");

            var text = await proxy.Admin.GetStringAsync("/metrics");
            Assert.Contains(
                "parentproxy_requests_in_flight{otel_scope_name=\"ParentProxy\",enclave=\"0\"} 1", text, StringComparison.Ordinal);
            Assert.Contains(
                "parentproxy_enclave_state{otel_scope_name=\"ParentProxy\",enclave=\"0\",state=\"draining\"} 1",
                text,
                StringComparison.Ordinal);
        }

        await Eventually.TrueAsync(async () => !(await proxy.Admin.GetStringAsync("/metrics")).Contains(
            "parentproxy_requests_in_flight{otel_scope_name=\"ParentProxy\",enclave=\"0\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Metrics_AsPrometheusAsksForThem_AreOpenMetricsInGzip()
    {
        await using var proxy = await StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.TryAddWithoutValidation(
            "Accept",
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1");
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip");
        request.Headers.TryAddWithoutValidation("X-Prometheus-Scrape-Timeout-Seconds", "10");

        using var answer = await proxy.Admin.SendAsync(request);
        await using var text = new GZipStream(await answer.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        using var reader = new StreamReader(text, Encoding.UTF8);

        Assert.Equal("application/openmetrics-text", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal(["gzip"], answer.Content.Headers.ContentEncoding);
        Assert.Contains("Accept-Encoding", answer.Headers.Vary);
        Assert.EndsWith("\n# EOF\n", await reader.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Accept-Encoding: gzip\r\n")]
    public async Task Metrics_Head_HasNoBody(string field)
    {
        await using var proxy = await StartAsync();
        await using var connection = await WireConnection.ConnectAsync(proxy.AdminUri);

        await connection.SendAsync(
            $"HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n{field}\r\nGET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");

        Assert.Equal(200, (await connection.ReadMessageAsync(bodiless: true)).Status);
        Assert.Equal("live", (await connection.ReadMessageAsync()).Json().GetProperty("status").GetString());
    }

    [Fact]
    public async Task Metrics_OfTwoProxiesInOneProcess_AreTheirOwn()
    {
        await using var one = await StartAsync();
        await using var other = await StartAsync();

        var text = await one.Admin.GetStringAsync("/metrics");

        Assert.Contains($"listener=\"{one.Uri.Authority}\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain(other.Uri.Authority, text, StringComparison.Ordinal);
        Assert.DoesNotContain($"server_port=\"{other.Uri.Port}\"", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET /metrics", "localhost", 200)]
    [InlineData("GET /health", "10.0.0.1", 200)]
    [InlineData("GET /health/live", "ops.example", 200)]
    [InlineData("HEAD /health/ready", "localhost", 200)]
    [InlineData("GET /metrics", "evil.example", 400)]
    [InlineData("POST /metrics", "localhost", 405)]
    [InlineData("GET /", "localhost", 404)]
    [InlineData("GET /enclaves", "localhost", 404)]
    [InlineData("GET /enclaves/targets", "localhost", 404)]
    [InlineData("GET /enclaves/0/metrics", "localhost", 404)]
    [InlineData("GET /metrics/", "localhost", 404)]
    public async Task MetricsUrl_HasMetricsAndHealthAlone(string request, string host, int status)
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave.Simulated,
            "Admin:MetricsUrl=http://127.0.0.1:0",
            "Admin:EnclaveMetricsPath=/echo",
            "Admin:AllowedHosts:0=ops.example");
        Assert.NotEqual(proxy.Server.AdminEndPoint, proxy.Server.MetricsEndPoint);
        await using var connection = await WireConnection.ConnectAsync(new Uri(proxy.Server.MetricsEndPoint!));

        await connection.SendAsync($"{request} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n");

        Assert.Equal(status, (await connection.ReadMessageAsync(bodiless: request.StartsWith("HEAD", StringComparison.Ordinal))).Status);
    }

    [Fact]
    public async Task Target_IsNamedByTheVariablesOfOpenTelemetry()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var process = await ProxyProcess.Run(new ProxyStart
        {
            Configuration = Settings.For(enclave.EndPoint),
            Environment = new Dictionary<string, string>
            {
                ["OTEL_SERVICE_NAME"] = "proofs",
                ["OTEL_RESOURCE_ATTRIBUTES"] = "deployment.environment=test,service.instance.id=i-0123",
            },
        }).StartedAsync();

        using var http = TestProxy.Client(process.AdminUrl);
        var target = (await http.GetStringAsync("/metrics"))
            .Split('\n')
            .Single(line => line.StartsWith("target_info{", StringComparison.Ordinal));

        Assert.Contains("service_name=\"proofs\"", target, StringComparison.Ordinal);
        Assert.Contains("service_instance_id=\"i-0123\"", target, StringComparison.Ordinal);
        Assert.Contains("deployment_environment=\"test\"", target, StringComparison.Ordinal);
        Assert.Contains("service_version=\"", target, StringComparison.Ordinal);
    }

    private static Task<TestProxy> StartAsync() =>
        TestProxy.StartAsync([.. TestProxy.Enclave(0, "unix:/nonexistent/e.sock"), "Health:Probe:Enabled=false"]);
}
