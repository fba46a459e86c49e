using System.Net;
using System.Text;
using ParentProxy.Http1;
using ParentProxy.Ingress.Kestrel;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Kestrel;

/// <summary>Bodies of responses as each version of HTTP has them, on the listeners as they are.</summary>
public sealed class ClientBodyTests
{
    private static readonly FieldLine[] Trailers = [new("X-Check", "1"), new("x-check", "caf\u00e9")];

    [Fact]
    public async Task Chunked_PiecesAndTrailers_ArriveAsWrittenAndTheConnectionIsKept()
    {
        await using var front = await FrontHost.StartAsync(async context =>
        {
            context.Response.Headers.Trailer = "X-Check";
            var body = new ClientBody(context, chunked: true);
            body.Write("one"u8);
            body.Write(default);
            await body.FlushAsync(context.RequestAborted);
            body.Write(Encoding.ASCII.GetBytes("two two two two two"));
            await body.EndAsync(Trailers, context.RequestAborted);
        });
        await using var client = await front.ConnectAsync();
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

            var head = await client.ReadHeadAsync();
            Assert.Equal("X-Check", head!.Field("Trailer"));
            Assert.Equal("chunked", head.Field("Transfer-Encoding"));
            Assert.Null(head.Field("Connection"));
            const string Expected = "3\r\none\r\n13\r\ntwo two two two two\r\n0\r\nX-Check: 1\r\nx-check: caf\u00e9\r\n\r\n";
            Assert.Equal(Expected, Encoding.Latin1.GetString(await client.ReadExactlyAsync(Expected.Length)));
        }
    }

    [Fact]
    public async Task Head_WithoutABodyYet_GoesOutAtOnce()
    {
        var goOn = new TaskCompletionSource();
        await using var front = await FrontHost.StartAsync(async context =>
        {
            var body = new ClientBody(context, chunked: true);
            await body.FlushAsync(context.RequestAborted);
            await goOn.Task;
            await body.EndAsync([], context.RequestAborted);
        });
        await using var client = await front.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Equal(200, (await client.ReadHeadAsync())!.Status);
        goOn.SetResult();
        Assert.Equal("0\r\n\r\n", Encoding.ASCII.GetString(await client.ReadExactlyAsync(5)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(4_050)]
    [InlineData(4_085)]
    [InlineData(4_095)]
    [InlineData(4_096)]
    [InlineData(70_000)]
    [InlineData(1_000_000)]
    public async Task Chunk_OfAnySize_IsWhole(int size)
    {
        var data = new byte[size];
        Random.Shared.NextBytes(data);
        await using var front = await FrontHost.StartAsync(async context =>
        {
            var body = new ClientBody(context, chunked: true);
            for (var i = 0; i < 3; i++)
                body.Write(data);
            await body.EndAsync([], context.RequestAborted);
        });
        await using var client = await front.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Equal(200, (await client.ReadHeadAsync())!.Status);
        for (var i = 0; i < 3; i++)
            Assert.Equal(data, await client.ReadChunkAsync());
        Assert.Empty(await client.ReadChunkAsync());
    }

    [Fact]
    public async Task Length_ThatIsKnown_IsKept()
    {
        await using var front = await FrontHost.StartAsync(async context =>
        {
            context.Response.ContentLength = 100_000;
            var body = new ClientBody(context, chunked: false);
            body.Write(new byte[100_000]);
            await body.EndAsync(Trailers, context.RequestAborted);
        });
        await using var client = await front.ConnectAsync();
        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

            Assert.Equal(100_000, (await client.ReadMessageAsync()).Body.Length);
        }
    }

    [Fact]
    public async Task Http10_OfUnknownLength_EndsWithTheConnection()
    {
        await using var front = await StartAsync();
        await using var client = await front.ConnectAsync();

        await client.SendAsync("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");

        var answer = await client.ReadMessageAsync();
        Assert.Null(answer.Field("Transfer-Encoding"));
        Assert.Equal("close", answer.Field("Connection"));
        Assert.Equal("body", answer.Text);
    }

    [Theory]
    [InlineData("HEAD", 200)]
    [InlineData("GET", 204)]
    [InlineData("GET", 304)]
    public async Task Response_WithoutBody_HasNoFraming(string method, int status)
    {
        await using var front = await FrontHost.StartAsync(async context =>
        {
            context.Response.StatusCode = status;
            var body = new ClientBody(context, chunked: true);
            await body.EndAsync([], context.RequestAborted);
        });
        await using var client = await front.ConnectAsync();
        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync($"{method} / HTTP/1.1\r\nHost: x\r\n\r\n");

            var head = await client.ReadHeadAsync();
            Assert.Equal(status, head!.Status);
            Assert.Null(head.Field("Transfer-Encoding"));
        }
    }

    [Theory]
    [InlineData("HTTP/1.1")]
    [InlineData("HTTP/1.0")]
    public async Task Body_ThatIsNotEnded_IsCut(string version)
    {
        await using var front = await FrontHost.StartAsync(async context =>
        {
            var body = new ClientBody(context, chunked: true);
            body.Write("part"u8);
            await body.FlushAsync(context.RequestAborted);
            context.Abort();
        });
        await using var client = await front.ConnectAsync();

        await client.SendAsync($"GET / {version}\r\nHost: x\r\n\r\nGET / {version}\r\nHost: x\r\n\r\n");

        var (received, _) = await client.ReadToEndAsync();
        var text = Encoding.ASCII.GetString(received);
        Assert.DoesNotContain(
            "0\r\n\r\n", text[Math.Max(0, text.IndexOf("\r\n\r\n", StringComparison.Ordinal))..], StringComparison.Ordinal);
        Assert.True(text.Split("HTTP/1.1 200").Length <= 2, text);
    }

    [Fact]
    public async Task Http2_Trailers_ArriveAsTrailers()
    {
        await using var front = await StartAsync(("Kestrel:Endpoints:Http:Protocols", "Http2"));
        using var http = TestProxy.Client(front.Uri, HttpVersion.Version20);

        using var response = await http.GetAsync(new Uri("/", UriKind.Relative));

        Assert.Equal("body", await response.Content.ReadAsStringAsync());
        Assert.Equal(2, response.TrailingHeaders.GetValues("x-check").Count());
        Assert.False(response.Headers.TransferEncodingChunked ?? false);
    }

    private static Task<FrontHost> StartAsync(params (string Key, string Value)[] settings) => FrontHost.StartAsync(
        async context =>
        {
            var body = new ClientBody(context, chunked: true);
            body.Write("body"u8);
            await body.EndAsync(Trailers, context.RequestAborted);
        },
        settings);
}
