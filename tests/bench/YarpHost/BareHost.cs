using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Configuration;

namespace ParentProxy.YarpHost;

/// <summary>YARP as its documentation sets it up, over a unix socket: no middleware, probe or limit of ours.</summary>
internal static class BareHost
{
    /// <summary>Serves until a signal comes.</summary>
    public static async Task RunAsync(string url, string socketPath)
    {
        // Empty: the other builders read appsettings.json, and the one beside the program is parent-proxy's.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().UseUrls(url).UseSockets(sockets => sockets.UnsafePreferInlineScheduling = SocketEngine.RunsInline);
        builder.Services.AddRouting();
        builder.Services.AddReverseProxy()
            .LoadFromMemory(
                [new RouteConfig { RouteId = "all", ClusterId = "backend", Match = new RouteMatch { Path = "{**any}" } }],
                [new ClusterConfig
                {
                    ClusterId = "backend",
                    Destinations = new Dictionary<string, DestinationConfig> { ["0"] = new() { Address = "http://backend/" } },
                }])
            .ConfigureHttpClient((_, handler) =>
            {
                handler.ActivityHeadersPropagator = null;
                handler.ConnectCallback = async (_, cancellationToken) => await ConnectAsync(socketPath, cancellationToken);
            });

        await using var app = builder.Build();
        app.MapReverseProxy();
        await app.RunAsync();
    }

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
