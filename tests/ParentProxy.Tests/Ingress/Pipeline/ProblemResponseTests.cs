using System.Text;
using System.Text.RegularExpressions;
using ParentProxy.Ingress.Forwarding;
using ParentProxy.Ingress.Kestrel;
using ParentProxy.Ingress.Pipeline;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Pipeline;

/// <summary>Behind the head of an answer no second one is ever written: the connection ends.</summary>
public sealed class ProblemResponseTests
{
    public static TheoryData<string> Kinds => [.. Enum.GetNames<FailureKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Failure_BehindAHead_EndsTheConnection(string kind)
    {
        await using var front = await FrontHost.StartAsync(async context =>
        {
            var body = new ClientBody(context, chunked: true);
            body.Write("begun"u8);
            await body.FlushAsync(context.RequestAborted);
            await ProblemResponse.WriteAsync(context, Enum.Parse<FailureKind>(kind), "the-id");
        });

        AssertOneHead(await ReadAllAsync(front.Uri, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP/1.1 200 OK");
    }

    [Fact]
    public async Task Failure_BehindAHeadThatIsNotOutYet_EndsTheConnection()
    {
        await using var front = await FrontHost.StartAsync(async context =>
        {
            context.Response.ContentLength = 10;
            await context.Response.StartAsync();
            context.Response.BodyWriter.Advance(Encoding.ASCII.GetBytes("begun", context.Response.BodyWriter.GetSpan(5)));
            await ProblemResponse.WriteAsync(context, FailureKind.Internal, "the-id");
        });

        var received = await ReadAllAsync(front.Uri, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.True(received.Length == 0 || Regex.Count(received, "HTTP/1.1 ") == 1, received);
        Assert.DoesNotContain("problem", received, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Content-Length", "1")]
    [InlineData("Transfer-Encoding", "chunked")]
    [InlineData("Transfer-Encoding", "gzip")]
    public async Task Transform_ThatSetsTheFraming_DoesNotBreakIt(string name, string value)
    {
        foreach (var (answer, method) in ((string, string)[])
            [
                ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "GET"),
                ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "GET"),
                ("HTTP/1.1 204 No Content\r\n\r\n", "GET"),
                ("HTTP/1.1 205 Reset Content\r\nContent-Length: 2\r\n\r\nok", "GET"),
                ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "HEAD")])
        {
            await using var enclave = ScriptedEnclave.Answering(answer);
            await using var proxy = await TestProxy.StartAsync(
                "Health:Probe:Enabled=false",
                "ReverseProxy:Clusters:c:Destinations:d:Address=" + enclave.EndPoint,
                "ReverseProxy:Routes:r:ClusterId=c",
                "ReverseProxy:Routes:r:Match:Path=/{**rest}",
                $"ReverseProxy:Routes:r:Transforms:0:ResponseHeader={name}",
                $"ReverseProxy:Routes:r:Transforms:0:Set={value}",
                "ReverseProxy:Routes:r:Transforms:0:When=Always");
            await using var client = await proxy.ConnectAsync();
            for (var i = 0; i < 2; i++)
            {
                await client.SendAsync($"{method} / HTTP/1.1\r\nHost: x\r\n\r\n");
                var got = await client.ReadMessageAsync(bodiless: method == "HEAD");
                Assert.Equal(answer.Split('\r')[0], got.StartLine);
                Assert.Equal(answer.Contains("ok", StringComparison.Ordinal) ? "ok" : "", got.Text);
            }
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n")]
    [InlineData("HTTP/1.1 205 Reset Content\r\nContent-Length: 2\r\n\r\nok")]
    public async Task WebSocketOverHttp2_AnsweredWithoutSwitching_IsNoTunnel(string answer)
    {
        await using var enclave = ScriptedEnclave.Answering(answer);
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave, "Kestrel:Endpoints:Http:Url=http://127.0.0.1:0", "Kestrel:Endpoints:Http:Protocols=Http2");

        Assert.Equal(502, await ConnectAsync(proxy));
    }

    [Theory]
    [InlineData(403)]
    [InlineData(426)]
    public async Task WebSocketOverHttp2_Refused_IsToldSo(int status)
    {
        await using var enclave = ScriptedEnclave.Answering(
            $"HTTP/1.1 {status} x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nno");
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave, "Kestrel:Endpoints:Http:Url=http://127.0.0.1:0", "Kestrel:Endpoints:Http:Protocols=Http2");

        Assert.Equal(status, await ConnectAsync(proxy));
    }

    private static async Task<int> ConnectAsync(TestProxy proxy)
    {
        using var client = TestProxy.Client(proxy.Uri, System.Net.HttpVersion.Version20);
        using var request = new HttpRequestMessage(HttpMethod.Connect, "/")
        {
            Version = System.Net.HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Protocol = "websocket";
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.False(answer.Headers.Contains("Upgrade"));
        return (int)answer.StatusCode;
    }

    private static async Task<string> ReadAllAsync(Uri uri, string request)
    {
        await using var client = await WireConnection.ConnectAsync(uri);
        await client.SendAsync(request);
        return Encoding.Latin1.GetString((await client.ReadToEndAsync()).Received);
    }

    private static void AssertOneHead(string received, string statusLine)
    {
        Assert.StartsWith(statusLine, received, StringComparison.Ordinal);
        Assert.Equal(1, Regex.Count(received, "HTTP/1.1 "));
        Assert.EndsWith("5\r\nbegun\r\n", received, StringComparison.Ordinal);
    }
}
