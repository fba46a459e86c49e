using System.Text;
using ParentProxy.Configuration;

namespace ParentProxy.Enclaves;

/// <summary>
/// The connections to one generation of an enclave. Retired whole when the enclave behind a name changes: what is in
/// flight finishes, nothing new starts, and the last one to leave closes it.
/// </summary>
internal sealed class EnclaveHttpPool : IDisposable
{
    /// <summary>
    /// Where a request carries the timestamp after which dialling for it is no use any more: all its tries together have
    /// one limit.
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
        _enclave = enclave;
        _dialer = new PatientDialer(dialer, enclave.Endpoint, () => enclave.IsOutByProbe, time);
        _time = time;
        _connectTimeout = options.Timeouts.Connect;
        _dials = new SemaphoreSlim(options.Routing.MaxDialsPerEnclave);
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancellationToken) => await ConnectAsync(TimeFor(context.InitialRequestMessage), cancellationToken),

            // The dial has its own deadline, which names the enclave.
            ConnectTimeout = Timeout.InfiniteTimeSpan,
            MaxConnectionsPerServer = options.Routing.MaxConnectionsPerEnclave,
            PooledConnectionIdleTimeout = options.Routing.PooledConnectionIdleTimeout,
            PooledConnectionLifetime = options.Routing.PooledConnectionLifetime,
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
        Invoker = new HttpMessageInvoker(wrap(handler), disposeHandler: true);
    }

    /// <summary>Sends a request over a connection of this pool.</summary>
    public HttpMessageInvoker Invoker { get; }

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
            Invoker.Dispose();
    }

    /// <summary>Retires the pool: nothing new is let in, and the connections close when the last lease has come back.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _retired, 1) == 0)
            Release();
    }

    /// <summary>
    /// How long a dial may take that begins for this request. Another connection may serve the request meanwhile, or this
    /// one another request: that makes the dial fail early at worst.
    /// </summary>
    private TimeSpan TimeFor(HttpRequestMessage request)
    {
        if (!request.Options.TryGetValue(DialDeadline, out var deadline))
            return _connectTimeout;
        var left = _time.GetElapsedTime(_time.GetTimestamp(), deadline);
        return left < _connectTimeout ? left : _connectTimeout;
    }

    private async Task<Stream> ConnectAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        try
        {
            // A place among the simultaneous dials comes out of the time for the dial: the request behind it waits for both.
            if (timeout <= TimeSpan.Zero || !await _dials.WaitAsync(timeout, cancellationToken))
                throw DialException.TimedOut(_enclave.Endpoint, timeout);
            try
            {
                var stream = await _dialer.DialAsync(timeout - _time.GetElapsedTime(started), cancellationToken);
                Interlocked.Increment(ref _open);
                stream.OnClosed(() => Interlocked.Decrement(ref _open));
                return stream;
            }
            finally
            {
                _dials.Release();
            }
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
