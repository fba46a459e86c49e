using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Admin;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Admin;

/// <summary>The metrics of the application in an enclave, through the admin listener.</summary>
public sealed class EnclaveMetricsRelayTests
{
    private const string Up = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nup 1\n";
    private const string Path = "Admin:EnclaveMetricsPath=/stats?all=1";

    [Fact]
    public async Task Relay_AsksTheApplicationAndPassesItsAnswer()
    {
        await using var enclave = ScriptedEnclave.Answering(
            "HTTP/1.1 200 OK\r\nContent-Type: application/openmetrics-text; version=1.0.0\r\nContent-Encoding: gzip\r\n"
                + "Content-Length: 5\r\nX-Else: 1\r\n\r\nup 1\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Path);

        var answer = await AskAsync(
            proxy, "/enclaves/0/metrics", "Accept: text/plain;q=0.5\r\nAccept-Encoding: gzip\r\nCookie: secret\r\n");

        Assert.Equal((200, "up 1\n"), (answer.Status, answer.Text));
        Assert.Equal("application/openmetrics-text; version=1.0.0", answer.Field("Content-Type"));
        Assert.Equal("gzip", answer.Field("Content-Encoding"));
        Assert.Contains("sandbox", answer.Field("Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Null(answer.Field("X-Else"));
        var request = Assert.Single(enclave.Requests);
        Assert.Equal("GET /stats?all=1 HTTP/1.1", request.StartLine);
        Assert.Equal(
            ("text/plain;q=0.5", "gzip", "close", null),
            (request.Field("Accept"), request.Field("Accept-Encoding"), request.Field("Connection"), request.Field("Cookie")));
    }

    [Theory]
    [InlineData("/enclaves/c/d/metrics")]
    [InlineData("/enclaves/c%2Fd/metrics")]
    [InlineData("/enclaves/C/D/metrics")]
    public async Task Relay_OfADestination_HasASlashInItsId(string target)
    {
        await using var enclave = await TestEnclave.StartAsync(name: "direct");
        await using var proxy = await TestProxy.StartAsync(
            "ReverseProxy:Clusters:c:Destinations:d:Address=" + enclave.EndPoint,
            "ReverseProxy:Routes:r:ClusterId=c",
            "ReverseProxy:Routes:r:Match:Path=/{**rest}",
            "Admin:EnclaveMetricsPath=/echo");

        var answer = await AskAsync(proxy, target);

        Assert.Equal("direct", answer.Json().GetProperty("enclave").GetString());
    }

    [Fact]
    public async Task Relay_OfANameThatNeedsEscapes_IsReachedAtItsTarget()
    {
        await using var enclave = await TestEnclave.StartAsync(name: "direct");
        await using var proxy = await TestProxy.StartAsync(
            "ReverseProxy:Clusters:my app?:Destinations:d%:Address=" + enclave.EndPoint,
            "ReverseProxy:Routes:r:ClusterId=my app?",
            "ReverseProxy:Routes:r:Match:Path=/{**rest}",
            "Admin:EnclaveMetricsPath=/echo");

        var target = Assert.Single((await AskAsync(proxy, "/enclaves/targets")).Json().EnumerateArray()).GetProperty("labels");
        var path = target.GetProperty("__metrics_path__").GetString()!;

        Assert.Equal("my app?/d%", target.GetProperty("enclave").GetString());
        Assert.Equal("/enclaves/my%20app%3F/d%25/metrics", path);
        Assert.Equal("direct", (await AskAsync(proxy, path)).Json().GetProperty("enclave").GetString());

        // As Prometheus asks, for which the label is a path without escapes.
        Assert.Equal(
            "direct",
            (await AskAsync(proxy, path.Replace("%", "%25", StringComparison.Ordinal))).Json().GetProperty("enclave").GetString());
    }

    [Fact]
    public async Task Relay_WithAPort_AsksThereInHttp11()
    {
        await using var enclave = await TestEnclave.StartAsync("tcp", name: "application");
        await using var exporter = ScriptedEnclave.Answering(Up);
        await using var proxy = await TestProxy.StartAsync(
            "Enclaves:0:TcpHost=127.0.0.1",
            "Enclaves:0:Transport=tcp",
            $"Enclaves:0:Port={new Uri(enclave.EndPoint).Port}",
            "Routing:HttpVersion=2",
            "Health:Probe:Host=app.example",
            "Admin:EnclaveMetricsPath=/metrics",
            $"Admin:EnclaveMetricsPort={new Uri(exporter.EndPoint).Port}");

        var answer = await AskAsync(proxy, "/enclaves/0/metrics");

        Assert.Equal((200, "up 1\n"), (answer.Status, answer.Text));
        Assert.Equal("localhost", Assert.Single(exporter.Requests).Field("Host"));
    }

    [Fact]
    public async Task Relay_WhileAnotherOneIsUnderWay_Waits()
    {
        var (dials, atOnce, most) = (0, 0, 0);
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var relay = Relay(new ManualTimeProvider(), async (endpoint, _) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref atOnce));
            if (Interlocked.Increment(ref dials) == 1)
                await first.Task;
            Interlocked.Decrement(ref atOnce);
            throw DialException.TimedOut(endpoint, TimeSpan.FromSeconds(2));
        });

        Task[] relaying = [.. Enumerable.Range(0, 4).Select(_ => relay.ServeAsync(new DefaultHttpContext(), "0"))];
        first.SetResult();
        await Task.WhenAll(relaying).WaitAsync(TestDeadline.Value);

        Assert.Equal((4, 1), (dials, most));
    }

    [Fact]
    public async Task Relay_WhileAnotherOneTakesTooLong_SaysSo()
    {
        await using var enclave = ScriptedEnclave.Answering(Up);
        var time = new ManualTimeProvider();
        var relay = Relay(time, enclave);
        var isWriting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var mayWrite = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var slow = new Body(() =>
        {
            isWriting.SetResult();
            return mayWrite.Task;
        });
        var (one, other) = (Context(slow), Context(new MemoryStream()));

        var relaying = relay.ServeAsync(one, "0");
        await isWriting.Task.WaitAsync(TestDeadline.Value);
        var waiting = relay.ServeAsync(other, "0");
        time.Advance(TimeSpan.FromSeconds(5));
        await waiting.WaitAsync(TestDeadline.Value);
        mayWrite.SetResult();
        await relaying.WaitAsync(TestDeadline.Value);

        Assert.Equal((200, 504), (one.Response.StatusCode, other.Response.StatusCode));
        Assert.Contains("one at a time", TextOf(other), StringComparison.Ordinal);
        Assert.Equal(1, enclave.Accepted);
    }

    [Fact]
    public async Task Relay_ThatFailsAfterItsFields_HasOnlyThoseOfAProblem()
    {
        await using var enclave = ScriptedEnclave.Answering(Up);
        await using var body = new Body(() => throw new IOException("no body today"));
        var context = Context(body);

        await Relay(new ManualTimeProvider(), enclave).ServeAsync(context, "0");

        Assert.Equal(502, context.Response.StatusCode);
        Assert.Contains("no body today", TextOf(context), StringComparison.Ordinal);
        var fields = context.Response.Headers;
        Assert.Equal(("application/problem+json", body.Length), (fields.ContentType.ToString(), fields.ContentLength!.Value));
        Assert.Equal(("no-store", "nosniff", 0, 0), (
            fields.CacheControl.ToString(),
            fields.XContentTypeOptions.ToString(),
            fields.ContentEncoding.Count,
            fields.ContentSecurityPolicy.Count));
    }

    [Fact]
    public async Task Relay_WithoutTheSetting_NamesIt()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated);

        AssertProblem(await AskAsync(proxy, "/enclaves/0/metrics"), 404, "Admin:EnclaveMetricsPath is not set");
        Assert.Equal("[]\n", (await AskAsync(proxy, "/enclaves/targets")).Text);
    }

    [Theory]
    [InlineData("/enclaves/7/metrics", "There is no enclave '7'; there are: 0, 1.")]
    [InlineData("/enclaves//metrics", "There are /,")]
    [InlineData("/enclaves/metrics", "There are /,")]
    [InlineData("/enclaves/0/metrics/", "There are /,")]
    public async Task Relay_OfNobody_NamesThoseThatThereAre(string target, string detail)
    {
        await using var proxy = await TestProxy.StartAsync([.. Nobody(0), .. Nobody(1), Path]);

        AssertProblem(await AskAsync(proxy, target), 404, detail);
    }

    [Fact]
    public async Task Relay_ToAnEnclaveThatIsDown_NamesTheErrno()
    {
        await using var proxy = await TestProxy.StartAsync([.. Nobody(0), Path]);

        AssertProblem(await AskAsync(proxy, "/enclaves/0/metrics"), 502, "ENOENT");
    }

    [Theory]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "answered 404, expected 200; Admin:EnclaveMetricsPath")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", "answered 302")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n", "larger than 4194304 bytes")]
    [InlineData("nonsense\r\n\r\n", "nonsense")]
    public async Task Relay_OfAnAnswerThatIsNone_SaysWhatItWas(string response, string detail)
    {
        await using var enclave = ScriptedEnclave.Answering(response);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Path);

        AssertProblem(await AskAsync(proxy, "/enclaves/0/metrics"), 502, detail);
    }

    [Fact]
    public async Task Relay_OfACutAnswer_IsNoAnswer()
    {
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadMessageAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nup 1\n");
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Path);

        AssertProblem(await AskAsync(proxy, "/enclaves/0/metrics"), 502, "GET /stats?…: ");
    }

    [Fact]
    public async Task Relay_OfAnEnclaveThatIsSilent_EndsAfterFiveSeconds()
    {
        var time = new ManualTimeProvider();
        var context = new DefaultHttpContext();
        using var body = new MemoryStream();
        context.Response.Body = body;

        var relaying = Relay(time, (_, token) => Task.Delay(Timeout.Infinite, token)).ServeAsync(context, "0");
        await time.WaitForTimerAsync(TimeSpan.FromSeconds(5));
        time.Advance(TimeSpan.FromSeconds(5));
        await relaying.WaitAsync(TestDeadline.Value);

        Assert.Equal(504, context.Response.StatusCode);
        Assert.Contains("no whole answer within 5 s", System.Text.Encoding.UTF8.GetString(body.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Relay_OfADialThatTakesTooLong_Is504()
    {
        var context = new DefaultHttpContext();

        await Relay(TimeProvider.System, (endpoint, _) => throw DialException.TimedOut(endpoint, TimeSpan.FromSeconds(2))).ServeAsync(
            context, "0");

        Assert.Equal(504, context.Response.StatusCode);
    }

    [Fact]
    public async Task Targets_AreTheEnclavesThatThereAre()
    {
        await using var proxy = await TestProxy.StartAsync([.. Nobody(0), .. Nobody(1), Path]);
        Assert.Equal(["0", "1"], Enclaves(await AskAsync(proxy, "/enclaves/targets")));

        proxy.ApplyWithout("Enclaves:0");

        var answer = await AskAsync(proxy, "/enclaves/targets", host: "10.1.2.3:9464");
        Assert.Equal("application/json", answer.Field("Content-Type"));
        var target = Assert.Single(answer.Json().EnumerateArray());
        Assert.Equal("10.1.2.3:9464", target.GetProperty("targets").EnumerateArray().Single().GetString());
        Assert.Equal("/enclaves/1/metrics", target.GetProperty("labels").GetProperty("__metrics_path__").GetString());

        static string[] Enclaves(WireMessage answer) =>
            [.. answer.Json().EnumerateArray().Select(target => target.GetProperty("labels").GetProperty("enclave").GetString()!)];
    }

    [Theory]
    [InlineData("localhost", "localhost:80")]
    [InlineData("[::1]:9464", "[::1]:9464")]
    public async Task Targets_AreWhereTheRequestWasMadeTo(string host, string target)
    {
        await using var proxy = await TestProxy.StartAsync([.. Nobody(0), Path]);

        Assert.Contains($"\"{target}\"", (await AskAsync(proxy, "/enclaves/targets", host: host)).Text, StringComparison.Ordinal);
    }

    private static string[] Nobody(int n) =>
        [.. TestProxy.Enclave(n, $"unix:/nonexistent/{n}.sock"), $"Enclaves:{n}:Id={n}", "Health:Probe:Enabled=false"];

    private static DefaultHttpContext Context(Stream body)
    {
        var context = new DefaultHttpContext();
        context.Response.Body = body;
        return context;
    }

    private static string TextOf(HttpContext context) =>
        System.Text.Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray());

    private static EnclaveMetricsRelay Relay(TimeProvider time, Func<EnclaveEndpoint, CancellationToken, Task> dial) =>
        Relay(time, EnclaveEndpoint.Unix("/0"), new Dialer(dial));

    private static EnclaveMetricsRelay Relay(TimeProvider time, ScriptedEnclave enclave) =>
        Relay(time, EnclaveEndpoint.Tcp("127.0.0.1", (uint)new Uri(enclave.EndPoint).Port), new EnclaveDialer(new VsockOptions(), time));

    private static EnclaveMetricsRelay Relay(TimeProvider time, EnclaveEndpoint endpoint, IEnclaveDialer dialer)
    {
        var configuration = new ActiveConfiguration(new ProxyOptions
        {
            Sections = new ConfigurationBuilder().Build(),
            Enclaves = [new EnclaveOptions("0", "0", endpoint)],
            Admin = new AdminOptions { EnclaveMetricsPath = "/metrics" },
        });
        using var meter = new Meter("test");
        var registry = new EnclaveRegistry(configuration, dialer, time, new EnclaveMeter(meter), NullLogger<EnclaveRegistry>.Instance);
        registry.Apply(configuration.Options);
        return new EnclaveMetricsRelay(registry, configuration, time);
    }

    private static void AssertProblem(WireMessage answer, int status, string detail)
    {
        Assert.Equal(status, answer.Status);
        Assert.Equal("application/problem+json", answer.Field("Content-Type"));
        Assert.Equal("no-store", answer.Field("Cache-Control"));
        Assert.Contains(detail, answer.Json().GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private static async Task<WireMessage> AskAsync(TestProxy proxy, string target, string fields = "", string host = "localhost")
    {
        await using var connection = await WireConnection.ConnectAsync(proxy.AdminUri);
        await connection.SendAsync($"GET {target} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n");
        return await connection.ReadMessageAsync();
    }

    /// <summary>A body whose first write does something else first.</summary>
    private sealed class Body(Func<Task> beforeFirst) : MemoryStream
    {
        private Func<Task>? _before = beforeFirst;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Interlocked.Exchange(ref _before, null) is { } before)
                await before();
            Write(buffer.Span);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    private sealed class Dialer(Func<EnclaveEndpoint, CancellationToken, Task> dial) : IEnclaveDialer
    {
        public async Task<EnclaveStream> DialAsync(EnclaveEndpoint endpoint, TimeSpan timeout, CancellationToken cancellationToken)
        {
            await dial(endpoint, cancellationToken);
            throw new InvalidOperationException("no enclave is there");
        }
    }
}
