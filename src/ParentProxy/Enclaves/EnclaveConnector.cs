using System.Collections.Concurrent;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;

namespace ParentProxy.Enclaves;

/// <summary>
/// The one way to an enclave: opens connections to one generation of it. Retired when the enclave behind a name, or a setting
/// of its connections, changes: what runs over it finishes, nothing new begins.
/// </summary>
/// <remarks>
/// Who uses it for traffic holds a lease for as long as it does. Dials for traffic repeat what a full accept queue refused, are
/// measured, and tell the enclave when they fail for good; dials of our own (probes, its metrics) do none of that.
/// </remarks>
internal sealed class EnclaveConnector : IDisposable
{
    private readonly Enclave _enclave;
    private readonly IEnclaveDialer _dialer;
    private readonly ConcurrentDictionary<EnclaveEndpoint, BackoffDialer> _dialers = new();
    private readonly Action _onClosed;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _dials;
    private readonly Lock _creating = new();
    private IConnectionPool? _pool;
    private int _leases = 1;
    private int _isRetired;
    private int _open;

    /// <summary>A connector without connections.</summary>
    /// <param name="enclave">What is dialled, and told of what dials show.</param>
    /// <param name="dialer">Dials once.</param>
    /// <param name="options">The configuration whose <c>Routing</c> and <c>Timeouts:Connect</c> hold for all its connections.</param>
    /// <param name="time">The clock.</param>
    public EnclaveConnector(Enclave enclave, IEnclaveDialer dialer, ProxyOptions options, TimeProvider time)
    {
        _enclave = enclave;
        _dialer = dialer;
        _time = time;
        _onClosed = () => Interlocked.Decrement(ref _open);
        ConnectTimeout = options.Timeouts.Connect;
        _dials = new SemaphoreSlim(options.Routing.MaxDialsPerEnclave);
        Routing = options.Routing;
    }

    /// <summary>The endpoint of its enclave, the same for its life.</summary>
    public EnclaveEndpoint Endpoint => _enclave.Endpoint;

    /// <summary>The limits of its connections, the same for as long as it is in service.</summary>
    public RoutingOptions Routing { get; }

    /// <summary>Connections for traffic that are open now, tunnels included.</summary>
    public int OpenConnections => Volatile.Read(ref _open);

    /// <summary>What is kept open over it; null until the first request.</summary>
    public IConnectionPool? Pool => Volatile.Read(ref _pool);

    /// <summary>How long a dial may take: <c>Timeouts:Connect</c>.</summary>
    public TimeSpan ConnectTimeout { get; }

    /// <summary>Makes <see cref="Pool"/>, unless somebody else has just done so. To be called by who holds a lease.</summary>
    /// <typeparam name="TPool">The one kind of pool that there is over a connector; for another one the cast fails.</typeparam>
    public TPool CreatePool<TPool>(Func<EnclaveConnector, TPool> create) where TPool : class, IConnectionPool
    {
        lock (_creating)
        {
            if (_pool is { } existing)
                return (TPool)existing;
            var pool = create(this);
            if (Volatile.Read(ref _isRetired) == 1)
                pool.Retire();
            Volatile.Write(ref _pool, pool);
            return pool;
        }
    }

    /// <summary>Takes part in it until <see cref="Release"/>; false once it is retired.</summary>
    public bool TryLease()
    {
        while (true)
        {
            var leases = Volatile.Read(ref _leases);
            if (leases == 0 || Volatile.Read(ref _isRetired) == 1)
                return false;
            if (Interlocked.CompareExchange(ref _leases, leases + 1, leases) == leases)
                return true;
        }
    }

    /// <summary>Gives a lease back. The last one closes what is kept open.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _leases) == 0)
            Volatile.Read(ref _pool)?.Dispose();
    }

    /// <summary>Retires it: nothing new is let in, and connections close as what runs over them ends.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isRetired, 1) == 1)
            return;
        lock (_creating)
            _pool?.Retire();
        Release();
    }

    /// <summary>
    /// How long a dial may take that begins now for somebody with this deadline, a timestamp; at most <c>Timeouts:Connect</c>.
    /// </summary>
    public TimeSpan TimeToDial(long deadline)
    {
        var left = _time.GetElapsedTime(_time.GetTimestamp(), deadline);
        return left < ConnectTimeout ? left : ConnectTimeout;
    }

    /// <summary>Opens a connection for traffic. Of these no more than <c>Routing:MaxDialsPerEnclave</c> are under way at a time.</summary>
    /// <param name="timeout">How long it may take, the wait for its turn included; never more than <c>Timeouts:Connect</c> is used.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DialException">No connection came about.</exception>
    public Task<EnclaveStream> ConnectAsync(TimeSpan timeout, CancellationToken cancellationToken) =>
        DialInTurnAsync(Endpoint, timeout, ConnectTimeout, isPatient: true, cancellationToken);

    /// <summary>
    /// <see cref="ConnectAsync(TimeSpan, CancellationToken)"/> for who has other ports, limits and choices. At another port than the
    /// enclave's own, a failure has the enclave probed and takes it out of nothing.
    /// </summary>
    /// <param name="endpoint">The enclave's own, or another port of it.</param>
    /// <param name="timeout">How long it may take, the wait for its turn included.</param>
    /// <param name="whole">What a dial has at most: one that was given less says nothing about the enclave by its time-out.</param>
    /// <param name="isPatient">Whether what may be a full accept queue is dialled again; without, there is another enclave.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DialException">No connection came about.</exception>
    public Task<EnclaveStream> ConnectAsync(
        EnclaveEndpoint endpoint, TimeSpan timeout, TimeSpan whole, bool isPatient, CancellationToken cancellationToken) =>
        DialInTurnAsync(endpoint, timeout, whole, isPatient, cancellationToken);

    /// <summary>
    /// Dials once for this program itself: not measured, not repeated, no evidence against the enclave, and the descriptors that
    /// traffic leaves to the process are good for it.
    /// </summary>
    /// <param name="endpoint">The enclave's own, or another port of it.</param>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DialException">No connection came about.</exception>
    public Task<EnclaveStream> DialAsync(EnclaveEndpoint endpoint, TimeSpan timeout, CancellationToken cancellationToken) =>
        _dialer.DialAsync(endpoint, timeout, cancellationToken);

    private async Task<EnclaveStream> DialInTurnAsync(
        EnclaveEndpoint endpoint, TimeSpan timeout, TimeSpan limit, bool isPatient, CancellationToken cancellationToken)
    {
        if (timeout <= TimeSpan.Zero)
            throw DialException.TimedOut(endpoint, timeout);
        var left = await WaitForTurnAsync(endpoint, timeout, cancellationToken);
        try
        {
            return await DialWithBackoffAsync(endpoint, left, limit, isPatient, cancellationToken);
        }
        finally
        {
            _dials.Release();
        }
    }

    /// <summary>Waits for a place among the dials; what is left of the time then is all of it where nobody was in the way.</summary>
    private async ValueTask<TimeSpan> WaitForTurnAsync(EnclaveEndpoint endpoint, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (_dials.Wait(TimeSpan.Zero, CancellationToken.None))
            return timeout;
        var started = _time.GetTimestamp();
        if (!await _dials.WaitAsync(timeout, cancellationToken))
            throw DialException.TimedOut(endpoint, timeout);
        return timeout - _time.GetElapsedTime(started);
    }

    private async Task<EnclaveStream> DialWithBackoffAsync(
        EnclaveEndpoint endpoint, TimeSpan timeout, TimeSpan limit, bool isPatient, CancellationToken cancellationToken)
    {
        try
        {
            var dialer = _dialers.GetOrAdd(endpoint, static (key, self) => self.CreateDialer(key), this);
            var stream = await dialer.DialAsync(timeout < limit ? timeout : limit, isPatient, cancellationToken);
            if (!_enclave.MayServe && !_enclave.IsRetired)
            {
                await stream.DisposeAsync();
                throw new DialException(
                    endpoint, DialException.Untrusted, "its attestation is being verified", "See 'attestation' in /enclaves.");
            }

            Interlocked.Increment(ref _open);
            stream.OnClosed(_onClosed);
            return stream;
        }
        catch (DialException ex)
        {
            if (ex.IsLocal || ex.Code == DialException.Untrusted)
                throw;
            if (endpoint != Endpoint || (!isPatient && ex.MayBeFullQueue))
                _enclave.ReportEvidence(new Evidence(EvidenceKind.DialRefused, $"{ex.Code} while dialling {endpoint}"));

            // A dial that was given less than its time says nothing about the enclave.
            else if (ex.Code != DialException.Timeout || timeout >= limit)
                _enclave.ReportDialFailed(ex);
            throw;
        }
    }

    private BackoffDialer CreateDialer(EnclaveEndpoint endpoint) =>
        new(_dialer, endpoint, () => _enclave.IsOutByProbe, _time)
        {
            // A request that waits for the pool's own port may go elsewhere.
            Retrying = endpoint == Endpoint ? failure => Volatile.Read(ref _pool)?.Redispatch(failure) : null,
            Dialled = _enclave.Metrics.CountConnect,
        };
}
