using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Ingress;
using ParentProxy.Ingress.Kestrel;
using ParentProxy.Ingress.Kestrel.Refusals;

namespace ParentProxy.Tests.Support;

/// <summary>The public listeners as the proxy has them, with an application of a test behind.</summary>
internal sealed class FrontHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FrontHost(WebApplication app, IngressListenerFactory listeners)
    {
        _app = app;
        Listeners = listeners;
    }

    public IngressListenerFactory Listeners { get; }

    public Uri Uri => new(_app.Urls.First());

    public static async Task<FrontHost> StartAsync(RequestDelegate application, params (string Key, string Value)[] settings)
    {
        var all = new Dictionary<string, string?> { ["Kestrel:Endpoints:Http:Url"] = "http://127.0.0.1:0" };
        foreach (var (key, value) in settings)
            all[key] = value;
        var sections = new ConfigurationBuilder().AddInMemoryCollection(all).Build();
        var loggers = LoggerFactory.Create(logging => logging.AddProvider(new TestLog()));
        var configuration = new ActiveConfiguration(new ProxyOptions { Sections = sections });
        var listeners = new IngressListenerFactory(configuration, new OpenConnections(), TimeProvider.System, loggers);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Services.AddSingleton(loggers).AddSingleton<IConnectionListenerFactory>(listeners);
        builder.WebHost
            .UseKestrelCore()
            .UseKestrelHttpsConfiguration()
            .ConfigureKestrel(kestrel => IngressServer.ConfigureKestrel(kestrel, sections));
        var app = builder.Build();
        app.Run(application);
        await app.StartAsync();
        return new FrontHost(app, listeners);
    }

    public Task<WireConnection> ConnectAsync() => WireConnection.ConnectAsync(Uri);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }
}
