namespace ParentProxy.Simulator;

/// <summary>What routes read and <c>/control</c> changes. Safe to use from any thread.</summary>
internal sealed class EnclaveState(SimulatorOptions options, CancellationToken stopping)
{
    private volatile bool _healthy = true;
    private long _latencyTicks = options.Latency.Ticks;
    private double _failureRate = options.FailureRate;
    private long _requests;
    private long _healthRequests;

    public string Name { get; } = options.Name;

    public TimeProvider TimeProvider { get; } = options.TimeProvider;

    /// <summary>Cancelled when the enclave is told to stop: nothing may wait longer than that.</summary>
    public CancellationToken Stopping { get; } = stopping;

    public bool Healthy
    {
        get => _healthy;
        set => _healthy = value;
    }

    public TimeSpan Latency
    {
        get => new(Volatile.Read(ref _latencyTicks));
        set => Volatile.Write(ref _latencyTicks, value.Ticks);
    }

    public double FailureRate
    {
        get => Volatile.Read(ref _failureRate);
        set => Volatile.Write(ref _failureRate, value);
    }

    public long Requests => Volatile.Read(ref _requests);

    public long HealthRequests => Volatile.Read(ref _healthRequests);

    public void CountRequest() => Interlocked.Increment(ref _requests);

    public void CountHealthRequest() => Interlocked.Increment(ref _healthRequests);

    /// <summary>Waits on the enclave's clock, until the request is aborted or the enclave stops.</summary>
    public async Task WaitAsync(TimeSpan wait, CancellationToken requestAborted)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(requestAborted, Stopping);
        await Task.Delay(wait, TimeProvider, either.Token);
    }
}
