using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ParentProxy.Http1;
using ParentProxy.Ingress.Kestrel;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Kestrel;

/// <summary>Interim responses and tunnels, on the listeners as they are but without the rest of the proxy.</summary>
public sealed class ClientWireTests
{
    private static readonly FieldLine[] Links = [new("Link", "</a.css>; rel=preload"), new("Link", "</caf\u00e9>; rel=preload")];

    [Fact]
    public async Task Interim_Several_ArriveBeforeTheAnswerAndTheNextRequestIsServed()
    {
        var goOn = new TaskCompletionSource();
        await using var front = await FrontHost.StartAsync(async context =>
        {
            if (context.Request.Path == "/second")
            {
                await context.Response.WriteAsync("second");
                return;
            }

            var wire = ClientWire.Of(context)!;
            for (var i = 0; i < 3; i++)
                Assert.True(await wire.TrySendInterimAsync(context, 102, "Processing", [], context.RequestAborted));
            Assert.True(await wire.TrySendInterimAsync(context, 103, "Early Hints", Links, context.RequestAborted));
            await goOn.Task;
            await context.Response.WriteAsync("first");
            Assert.False(await wire.TrySendInterimAsync(context, 103, "", [], context.RequestAborted));
        });
        await using var client = await front.ConnectAsync();

        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /second HTTP/1.1\r\nHost: x\r\n\r\n");

        for (var i = 0; i < 3; i++)
            Assert.Equal("HTTP/1.1 102 Processing", (await client.ReadHeadAsync())!.StartLine);
        var hints = await client.ReadHeadAsync();
        Assert.Equal("HTTP/1.1 103 Early Hints", hints!.StartLine);
        Assert.Equal(Links.Select(l => (l.Name, l.Value)), hints.Fields);
        goOn.SetResult();
        Assert.Equal("first", (await client.ReadMessageAsync()).Text);
        Assert.Equal("second", (await client.ReadMessageAsync()).Text);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Continue_IsSentByUsAloneAndOnlyWhenWeSayIt(bool promise)
    {
        await using var front = await FrontHost.StartAsync(async context =>
        {
            Assert.True(ClientWire.TakeExpectation(context));
            if (promise)
                await ClientWire.Of(context)!.TrySendInterimAsync(context, 100, "Continue", [], context.RequestAborted);
            using var body = new StreamReader(context.Request.Body);
            await context.Response.WriteAsync(await body.ReadToEndAsync());
        });
        await using var client = await front.ConnectAsync();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-Continue\r\n\r\n");
        if (promise)
            Assert.Equal("HTTP/1.1 100 Continue", (await client.ReadHeadAsync())!.StartLine);
        await client.SendAsync("body");

        Assert.Equal("body", (await client.ReadMessageAsync()).Text);
    }

    [Fact]
    public async Task Interim_ToHttp10_IsNotSent()
    {
        await using var front = await FrontHost.StartAsync(async context =>
        {
            Assert.False(ClientWire.TakeExpectation(context));
            Assert.False(await ClientWire.Of(context)!.TrySendInterimAsync(context, 103, "", Links, context.RequestAborted));
        });
        await using var client = await front.ConnectAsync();

        await client.SendAsync("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n");

        Assert.Equal(200, (await client.ReadMessageAsync()).Status);
    }

    [Fact]
    public async Task Interim_BehindTls_IsEncrypted()
    {
        using var certificate = new TestCertificate();
        await using var front = await FrontHost.StartAsync(
            async context => await ClientWire.Of(context)!.TrySendInterimAsync(context, 103, "Early Hints", Links, context.RequestAborted),
            ("Kestrel:Endpoints:Http:Url", "https://127.0.0.1:0"),
            ("Kestrel:Certificates:Default:Path", certificate.Path),
            ("Kestrel:Certificates:Default:KeyPath", certificate.KeyPath));
        await using var client = await WireConnection.ConnectTlsAsync(front.Uri, certificate);

        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Equal(103, (await client.ReadHeadAsync())!.Status);
        Assert.Equal(200, (await client.ReadMessageAsync()).Status);
    }

    [Fact]
    public async Task Wire_OfARequestOverHttp2_IsNull()
    {
        var wire = new TaskCompletionSource<bool>();
        await using var front = await FrontHost.StartAsync(
            context =>
            {
                wire.SetResult(ClientWire.Of(context) is not null);
                return Task.CompletedTask;
            },
            ("Kestrel:Endpoints:Http:Protocols", "Http2"));
        using var http = TestProxy.Client(front.Uri, HttpVersion.Version20);

        Assert.Equal(200, (int)(await http.GetAsync(new Uri("/", UriKind.Relative))).StatusCode);

        Assert.False(await wire.Task);
    }

    [Theory]
    [InlineData("http")]
    [InlineData("https")]
    public async Task Tunnel_ClientEndsItsDirection_TheOtherGoesOn(string scheme)
    {
        using var certificate = new TestCertificate();
        var ended = new TaskCompletionSource<bool>();
        var goOn = new TaskCompletionSource();
        await using var front = await FrontHost.StartAsync(
            context => TunnelAsync(context, async tunnel =>
            {
                var buffer = new byte[100];
                var count = await tunnel.ReadAtLeastAsync(buffer, 5);
                Assert.Equal(0, await tunnel.ReadAsync(buffer));
                ended.SetResult(context.RequestAborted.IsCancellationRequested);
                await goOn.Task;
                await tunnel.WriteAsync(buffer.AsMemory(0, count));
                await tunnel.WriteAsync(new byte[200_000]);
            }),
            ("Kestrel:Endpoints:Http:Url", $"{scheme}://127.0.0.1:0"),
            ("Kestrel:Certificates:Default:Path", certificate.Path),
            ("Kestrel:Certificates:Default:KeyPath", certificate.KeyPath));
        await using var client = scheme == "https"
            ? await WireConnection.ConnectTlsAsync(front.Uri, certificate)
            : await front.ConnectAsync();

        await UpgradeAsync(client);
        await client.SendAsync("hello");
        client.ShutdownSend();
        Assert.False(await ended.Task.WaitAsync(TestDeadline.Value));
        Assert.Equal(1, front.Listeners.Listeners.Single().Connections);
        goOn.SetResult();

        var (received, reset) = await client.ReadToEndAsync();
        Assert.False(reset);
        Assert.Equal(200_005, received.Length);
        Assert.Equal("hello", Encoding.ASCII.GetString(received, 0, 5));
        await Eventually.TrueAsync(() => front.Listeners.Listeners.Single().Connections == 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Tunnel_ClientIsGone_IsAborted(bool halfCloseFirst)
    {
        var ended = new TaskCompletionSource();
        var aborted = new TaskCompletionSource();
        await using var front = await FrontHost.StartAsync(context => TunnelAsync(context, async tunnel =>
        {
            // Once the client has ended its direction only a write finds out that it is gone.
            if (halfCloseFirst)
                Assert.Equal(0, await tunnel.ReadAsync(new byte[1]));
            ended.SetResult();
            context.RequestAborted.Register(aborted.SetResult);
            while (halfCloseFirst && !context.RequestAborted.IsCancellationRequested)
                await tunnel.WriteAsync(new byte[10_000]);
            await aborted.Task;
        }));
        await using var client = await front.ConnectAsync();

        await UpgradeAsync(client);
        if (halfCloseFirst)
            client.ShutdownSend();
        await ended.Task.WaitAsync(TestDeadline.Value);
        client.Reset();

        await aborted.Task.WaitAsync(TestDeadline.Value);
        await Eventually.TrueAsync(() => front.Listeners.Listeners.Single().Connections == 0);
    }

    [Fact]
    public async Task Tunnel_AbortedAfterTheClientEndedItsDirection_Ends()
    {
        var aborted = new TaskCompletionSource();
        await using var front = await FrontHost.StartAsync(context => TunnelAsync(context, async tunnel =>
        {
            Assert.Equal(0, await tunnel.ReadAsync(new byte[1]));
            context.RequestAborted.Register(aborted.SetResult);
            context.Abort();
            await aborted.Task;
        }));
        await using var client = await front.ConnectAsync();

        await UpgradeAsync(client);
        client.ShutdownSend();

        await aborted.Task.WaitAsync(TestDeadline.Value);
        await client.ReadToEndAsync();
        await Eventually.TrueAsync(() => front.Listeners.Listeners.Single().Connections == 0);
    }

    [Fact]
    public async Task Request_ClientEndsItsDirection_IsAborted()
    {
        var started = new TaskCompletionSource();
        var aborted = new TaskCompletionSource();
        await using var front = await FrontHost.StartAsync(async context =>
        {
            context.RequestAborted.Register(aborted.SetResult);
            started.SetResult();
            await aborted.Task;
        });
        await using var client = await front.ConnectAsync();

        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await started.Task.WaitAsync(TestDeadline.Value);
        client.ShutdownSend();

        await aborted.Task.WaitAsync(TestDeadline.Value);
        await Eventually.TrueAsync(() => front.Listeners.Listeners.Single().Connections == 0);
    }

    private static async Task TunnelAsync(HttpContext context, Func<Stream, Task> serve)
    {
        ClientWire.Of(context)!.BeginTunnel();
        await using var tunnel = await context.Features.Get<IHttpUpgradeFeature>()!.UpgradeAsync();
        await serve(tunnel);
    }

    private static async Task UpgradeAsync(WireConnection client)
    {
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        Assert.Equal(101, (await client.ReadHeadAsync())!.Status);
    }
}
