using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress;

/// <summary>An enclave closes idle connections at the very moment when they are used again, under load.</summary>
public sealed class IdleCloseTests(ITestOutputHelper output)
{
    private const int Rounds = 10_000;
    private const int Clients = 16;
    private const int RoundsPerConnection = 25;

    [Theory]
    [InlineData("unix", false, 1)]
    [InlineData("tcp", false, 2)]
    [InlineData("tcp", true, 3)]
    public async Task Connections_ClosedAtRandomByTheEnclave_FailNoGetAndRepeatNoPost(string transport, bool isTransformed, int seed)
    {
        using var directory = new TemporaryDirectory();
        await using var enclave = new ClosingEnclave(
            transport == "unix" ? new UnixDomainSocketEndPoint(directory.File("e.sock")) : new IPEndPoint(IPAddress.Loopback, 0), seed);
        var prefix = isTransformed ? "/api" : "";
        string[] target = isTransformed
            ?
            [
                "ReverseProxy:Clusters:c:Destinations:d:Address=" + enclave.EndPoint,
                "ReverseProxy:Routes:r:ClusterId=c",
                "ReverseProxy:Routes:r:Match:Path=/api/{**rest}",
                "ReverseProxy:Routes:r:Transforms:0:PathRemovePrefix=/api",
            ]
            : TestProxy.Enclave(0, enclave.EndPoint);
        await using var proxy = await TestProxy.StartAsync([.. target, "Health:Probe:Enabled=false"]);
        var figures = new Figures();
        var watch = Stopwatch.StartNew();

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(
            client => Task.Run(() => RunAsync(proxy, prefix, client, new Random(seed * 100 + client), figures))));

        var repeated = proxy.Log.Entries.Count(e => e.Message.Contains("again", StringComparison.Ordinal)
            && e.Message.Contains("before any byte of an answer", StringComparison.Ordinal));
        var twice = enclave.Posts.Count(p => p.Value > 1);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{transport}{(isTransformed ? " with transforms" : "")}: {Rounds} rounds in {watch.Elapsed.TotalSeconds:F1} s "
                + $"over {enclave.Connections} connections; {figures.Gets} GET, {figures.FailedGets} failed, {repeated} repeated "
                + $"on a fresh connection; {figures.Posts} POST, {figures.FailedPosts} answered 502 or 408, {twice} seen "
                + $"twice; {enclave.Unanswered} requests read by the enclave and left without an answer"));

        Assert.Equal(Rounds, figures.Gets + figures.Posts);
        Assert.Equal((0, 0), (figures.FailedGets, twice));

        // Each that was answered was seen.
        Assert.InRange(enclave.Posts.Count, figures.Posts - figures.FailedPosts, figures.Posts);

        // The race was there to be lost.
        Assert.True(repeated > 0 && figures.FailedPosts > 0, "the race was never met");
        Assert.DoesNotContain(proxy.Log.Entries, e => e.Level >= Microsoft.Extensions.Logging.LogLevel.Error);
        await Eventually.TrueAsync(
            async () => (await proxy.EnclaveAsync(isTransformed ? "c/d" : "0")).GetProperty("inFlight").GetInt32() == 0);
    }

    private static async Task RunAsync(TestProxy proxy, string prefix, int client, Random random, Figures figures)
    {
        WireConnection? connection = null;
        for (var round = 0; round < Rounds / Clients; round++)
        {
            if (round % RoundsPerConnection == 0 && connection is not null)
            {
                await connection.DisposeAsync();
                connection = null;
            }

            connection ??= await proxy.ConnectAsync();
            var isPost = random.Next(2) == 0;
            var path = $"/{client}/{round}";
            var body = isPost ? $"Content-Length: {path.Length}\r\n\r\n{path}" : "\r\n";
            await connection.SendAsync($"{(isPost ? "POST" : "GET")} {prefix}{path} HTTP/1.1\r\nHost: x\r\n{body}");
            var answer = await connection.ReadMessageAsync();
            figures.Count(isPost, answer.Status);
            if (answer.Status == 200)
                Assert.Equal(path, answer.Text);
            else if (isPost)
                Assert.Contains(answer.Status, (int[])[502, 408]);
            if (answer.Field("Connection") is "close")
            {
                await connection.DisposeAsync();
                connection = null;
            }
        }

        if (connection is not null)
            await connection.DisposeAsync();
    }

    private sealed class Figures
    {
        private int _gets;
        private int _failedGets;
        private int _posts;
        private int _failedPosts;

        public int Gets => _gets;

        public int FailedGets => _failedGets;

        public int Posts => _posts;

        public int FailedPosts => _failedPosts;

        public void Count(bool isPost, int status)
        {
            Interlocked.Increment(ref isPost ? ref _posts : ref _gets);
            if (status != 200)
                Interlocked.Increment(ref isPost ? ref _failedPosts : ref _failedGets);
        }
    }
}
