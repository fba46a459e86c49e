using System.Net;
using System.Text;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Http1;
using ParentProxy.Ingress.Http2;

namespace ParentProxy.Ingress.Forwarding;

/// <summary>The HTTP connections over a connector: over HTTP/1.1 in a pool of ours, over HTTP/2 in that of the runtime's handler.</summary>
internal sealed class EnclaveHttpPool : IConnectionPool
{
    /// <summary>
    /// Where a request over HTTP/2 carries the timestamp after which dialling for it is no use any more: all its attempts
    /// together have one limit.
    /// </summary>
    public static readonly HttpRequestOptionsKey<long> DialDeadline = new("parent-proxy.dial-deadline");

    private readonly EnclaveConnector _connector;

    private EnclaveHttpPool(EnclaveConnector connector, TimeProvider time)
    {
        _connector = connector;
        var routing = connector.Routing;
        if (routing.HttpVersion.Major == 2)
        {
            Http2 = new HttpMessageInvoker(new AttemptHandler(Http2Handler(routing)), disposeHandler: true);
            return;
        }

        Http1 = new Http1Pool(
            async (timeout, cancellationToken) => await connector.ConnectAsync(timeout, cancellationToken), new Http1PoolOptions
            {
                MaxConnections = routing.MaxConnectionsPerEnclave,
                MaxTunnels = routing.MaxTunnelsPerEnclave,
                MaxQueued = routing.MaxQueuedPerEnclave,
                QueueTimeout = routing.QueueTimeout,
                MaxDials = routing.MaxDialsPerEnclave,
                IdleTimeout = routing.PooledConnectionIdleTimeout,
                Lifetime = routing.PooledConnectionLifetime,
            }, time);
    }

    /// <summary>The connections over HTTP/1.1; null when <c>Routing:HttpVersion</c> is 2.</summary>
    public Http1Pool? Http1 { get; }

    /// <summary>Sends requests over HTTP/2; null when <c>Routing:HttpVersion</c> is 1.1.</summary>
    public HttpMessageInvoker? Http2 { get; }

    /// <inheritdoc/>
    public bool HasRoom => Http1?.HasRoom ?? true;

    /// <inheritdoc/>
    public int Idle => Http1?.Idle ?? 0;

    /// <inheritdoc/>
    public int Tunnels => Http1?.Tunnels ?? 0;

    /// <inheritdoc/>
    public int Queued => Http1?.Waiting ?? 0;

    /// <summary>The pool over a connector, which the first request makes.</summary>
    public static EnclaveHttpPool Of(EnclaveConnector connector, TimeProvider time) =>
        (EnclaveHttpPool?)connector.Pool ?? Create(connector, time);

    /// <inheritdoc/>
    public void Redispatch(DialException cause) => Http1?.Redispatch(cause);

    /// <inheritdoc/>
    public void Retire() => Http1?.Dispose();

    /// <inheritdoc/>
    public void Dispose() => Http2?.Dispose();

    // Apart, as the closure would cost each request an allocation.
    private static EnclaveHttpPool Create(EnclaveConnector connector, TimeProvider time) =>
        connector.CreatePool(over => new EnclaveHttpPool(over, time));

    private SocketsHttpHandler Http2Handler(RoutingOptions routing) => new()
    {
        // Another connection may serve the request meanwhile, or this one another request: that makes the dial fail early at worst.
        ConnectCallback = async (context, cancellationToken) => await _connector.ConnectAsync(
            context.InitialRequestMessage.Options.TryGetValue(DialDeadline, out var deadline)
                ? _connector.TimeToDial(deadline)
                : _connector.ConnectTimeout,
            cancellationToken),

        // The dial has its own deadline, which names the enclave.
        ConnectTimeout = Timeout.InfiniteTimeSpan,
        MaxConnectionsPerServer = routing.MaxConnectionsPerEnclave,
        PooledConnectionIdleTimeout = routing.PooledConnectionIdleTimeout,
        PooledConnectionLifetime = routing.PooledConnectionLifetime,
        EnableMultipleHttp2Connections = true,
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,

        // Trace fields pass byte for byte; the default propagator would put its own in their place.
        ActivityHeadersPropagator = null,

        // Field values are bytes to us; Latin-1 keeps each of them.
        RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        MaxResponseHeadersLength = 64,
        MaxResponseDrainSize = 0,
    };
}
