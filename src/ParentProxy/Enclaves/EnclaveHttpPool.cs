using System.Text;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Http1;

namespace ParentProxy.Enclaves;

/// <summary>
/// The connections to one generation of an enclave. Retired whole when the enclave behind a name changes: what is in
/// flight finishes, nothing new starts, and each connection closes when its request is over.
/// </summary>
internal sealed class EnclaveHttpPool : IDisposable
{
    /// <summary>
    /// Where a request over HTTP/2 carries the timestamp after which dialling for it is no use any more: all its tries
    /// together have one limit.
    /// </summary>
    public static readonly HttpRequestOptionsKey<long> DialDeadline = new("parent-proxy.dial-deadline");

    private readonly Enclave _enclave;
    private readonly PatientDialer _dialer;
    private readonly TimeProvider _time;
    private readonly TimeSpan _connectTimeout;
    private readonly SemaphoreSlim _dials;
    private int _leases = 1;
    private int _retired;
    private int _open;

    /// <summary>A pool with the limits of <paramref name="options"/>.</summary>
    public EnclaveHttpPool(Enclave enclave, IEnclaveDialer dialer, ProxyOptions options, TimeProvider time, Func<HttpMessageHandler, HttpMessageHandler> wrap)
    {
        var routing = options.Routing;
        _enclave = enclave;
        _dialer = new PatientDialer(dialer, enclave.Endpoint, () => enclave.IsOutByProbe, time)
        {
            Retrying = failure => Http1?.Redispatch(failure),
            Dialled = enclave.Metrics.CountConnect,
        };
        _time = time;
        _connectTimeout = options.Timeouts.Connect;
        _dials = new SemaphoreSlim(routing.MaxDialsPerEnclave);
        if (routing.HttpVersion.Major == 2)
        {
            Http2 = new HttpMessageInvoker(wrap(Http2Handler(routing)), disposeHandler: true);
            return;
        }

        Http1 = new Http1Pool(async (time, cancellationToken) => await DialAsync(time, cancellationToken), new Http1PoolOptions
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

    /// <summary>Connections that are open now.</summary>
    public int OpenConnections => Volatile.Read(ref _open);

    /// <summary>Takes part in the pool until <see cref="Release"/>; false once it is retired.</summary>
    public bool TryLease()
    {
        while (true)
        {
            var leases = Volatile.Read(ref _leases);
            if (leases == 0 || Volatile.Read(ref _retired) == 1)
                return false;
            if (Interlocked.CompareExchange(ref _leases, leases + 1, leases) == leases)
                return true;
        }
    }

    /// <summary>Gives a lease back.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _leases) == 0)
            Http2?.Dispose();
    }

    /// <summary>Retires the pool: nothing new is let in, and the connections close as their requests end.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _retired, 1) == 1)
            return;
        Http1?.Dispose();
        Release();
    }

    /// <summary>How long a dial may take that begins now for a request with this deadline.</summary>
    public TimeSpan TimeToDial(long deadline)
    {
        var left = _time.GetElapsedTime(_time.GetTimestamp(), deadline);
        return left < _connectTimeout ? left : _connectTimeout;
    }

    private SocketsHttpHandler Http2Handler(RoutingOptions routing) => new()
    {
        // Another connection may serve the request meanwhile, or this one another request: that makes the dial fail early at worst.
        ConnectCallback = async (context, cancellationToken) => await ConnectAsync(
            context.InitialRequestMessage.Options.TryGetValue(DialDeadline, out var deadline) ? TimeToDial(deadline) : _connectTimeout,
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
        AutomaticDecompression = System.Net.DecompressionMethods.None,

        // Trace fields pass byte for byte; the default propagator would put its own in their place.
        ActivityHeadersPropagator = null,

        // Field values are bytes to us; Latin-1 keeps each of them.
        RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        MaxResponseHeadersLength = 64,
        MaxResponseDrainSize = 0,
    };

    /// <summary>Dials for HTTP/2, whose handler does not know how many dials may run.</summary>
    private async Task<Stream> ConnectAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        // A place among the simultaneous dials comes out of the time for the dial: the request behind it waits for both.
        var started = _time.GetTimestamp();
        if (timeout <= TimeSpan.Zero || !await _dials.WaitAsync(timeout, cancellationToken))
            throw DialException.TimedOut(_enclave.Endpoint, timeout);
        try
        {
            return await DialAsync(timeout - _time.GetElapsedTime(started), cancellationToken);
        }
        finally
        {
            _dials.Release();
        }
    }

    private async Task<EnclaveStream> DialAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            var stream = await _dialer.DialAsync(timeout < _connectTimeout ? timeout : _connectTimeout, cancellationToken);
            Interlocked.Increment(ref _open);
            stream.OnClosed(() => Interlocked.Decrement(ref _open));
            return stream;
        }
        catch (DialException ex)
        {
            // A dial that was given less than its time says nothing about the enclave.
            if (ex.Code != DialException.Timeout || timeout >= _connectTimeout)
                _enclave.ReportDialFailed(ex);
            throw;
        }
    }
}
