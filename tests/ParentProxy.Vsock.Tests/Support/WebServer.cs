using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ParentProxy.Vsock.Tests;

/// <summary>A Kestrel host on a transport, and a client that dials it.</summary>
internal sealed class WebServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private WebServer(WebApplication app, HttpClient client)
    {
        _app = app;
        Client = client;
    }

    public HttpClient Client { get; }

    public static async Task<WebServer> StartAsync(IServerTransport transport, Version version, RequestDelegate answer)
    {
        // The empty builder watches no files: it starts quickly from any folder.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(transport.EndPoint, listen =>
                listen.Protocols = version == HttpVersion.Version20 ? HttpProtocols.Http2 : HttpProtocols.Http1);
        });
        transport.Register(builder.Services);
        WebApplication app = builder.Build();
        app.Run(answer);
        await Safety.WithinAsync(app.StartAsync());

        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) => await transport.DialAsync(cancellationToken),
            UseProxy = false,
        };
        var client = new HttpClient(handler)
        {
            BaseAddress = new Uri("http://enclave/"),
            DefaultRequestVersion = version,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = Safety.Limit,
        };
        return new WebServer(app, client);
    }

    public Task StopAsync() => Safety.WithinAsync(_app.StopAsync());

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Safety.WithinAsync(_app.DisposeAsync());
    }
}
