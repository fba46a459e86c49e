using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Transports;
using Yarp.ReverseProxy.Forwarder;

namespace ParentProxy.YarpHost;

/// <summary>
/// YARP's own forwarder and one <see cref="SocketsHttpHandler"/> per enclave, with nothing between the two: what watches
/// an attempt in the product is left out, so that the figure to compare with is rather too good than too bad. YARP's
/// activity time-out takes the place of the product's time-outs.
/// </summary>
internal sealed class YarpForwarder : IHttpForwarder, IDisposable
{
    private readonly EnclaveRegistry _registry;
    private readonly RoutingOptions _routing;
    private readonly TimeoutOptions _timeouts;
    private readonly EnclaveDialer _dialer;
    private readonly ForwarderRequestConfig _config;
    private readonly ServiceProvider _services;
    private readonly IHttpForwarder _yarps;
    private readonly ConcurrentDictionary<string, HttpMessageInvoker> _invokers = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>A forwarder to the enclaves of the configuration; changes of it are not followed.</summary>
    public YarpForwarder(EnclaveRegistry registry, ActiveConfiguration configuration, TimeProvider time)
    {
        _registry = registry;
        _routing = configuration.Options.Routing;
        _timeouts = configuration.Options.Timeouts;
        _dialer = new EnclaveDialer(configuration.Options.Vsock, time);
        _config = new ForwarderRequestConfig
        {
            Version = _routing.HttpVersion,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
            ActivityTimeout = _timeouts.Idle,
        };

        // Its type is internal to YARP; this is how an application gets it.
        _services = new ServiceCollection().AddLogging().AddHttpForwarder().BuildServiceProvider();
        _yarps = _services.GetRequiredService<IHttpForwarder>();
    }

    /// <inheritdoc/>
    public ValueTask<ForwarderError> SendAsync(
        HttpContext context,
        string destinationPrefix,
        HttpMessageInvoker httpClient,
        ForwarderRequestConfig requestConfig,
        HttpTransformer transformer) =>
        SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, context.RequestAborted);

    /// <inheritdoc/>
    public ValueTask<ForwarderError> SendAsync(
        HttpContext context,
        string destinationPrefix,
        HttpMessageInvoker httpClient,
        ForwarderRequestConfig requestConfig,
        HttpTransformer transformer,
        CancellationToken cancellationToken)
    {
        var id = context.GetReverseProxyFeature().ProxiedDestination!.DestinationId;
        var invoker = _invokers.GetOrAdd(id, static (id, self) => self.CreateInvoker(self._registry.Find(id)!), this);
        return _yarps.SendAsync(context, destinationPrefix, invoker, _config, transformer, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var invoker in _invokers.Values)
            invoker.Dispose();
        _services.Dispose();
    }

    private HttpMessageInvoker CreateInvoker(Enclave enclave) => new(
        new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) =>
                await _dialer.DialAsync(enclave.Endpoint, _timeouts.Connect, cancellationToken),
            ConnectTimeout = Timeout.InfiniteTimeSpan,
            MaxConnectionsPerServer = _routing.MaxConnectionsPerEnclave,
            PooledConnectionIdleTimeout = _routing.PooledConnectionIdleTimeout,
            PooledConnectionLifetime = _routing.PooledConnectionLifetime,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = System.Net.DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            MaxResponseHeadersLength = 64,
            MaxResponseDrainSize = 0,
        },
        disposeHandler: true);
}
