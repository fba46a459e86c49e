namespace ParentProxy.Enclaves;

/// <summary>
/// What is counted of an enclave, by its id: a restart, a new address or a reload does not set it back. Counters are
/// read when somebody asks; a request only adds to them.
/// </summary>
internal sealed class EnclaveMetrics
{
    private readonly EnclaveMeter _meter;
    private readonly KeyValuePair<string, object?> _tag;
    private long _requestBytes;
    private long _responseBytes;
    private long _retries;
    private long _failovers;
    private long _ejections;
    private long _stateChanges;
    private long _outages;
    private long _downtimeTicks;

    /// <summary>Counts of 0, for an enclave that is seen for the first time.</summary>
    public EnclaveMetrics(EnclaveMeter meter, string id)
    {
        _meter = meter;
        _tag = new KeyValuePair<string, object?>(EnclaveMeter.Label, id);
        Id = id;
    }

    /// <summary>The id of the enclave, its label.</summary>
    public string Id { get; }

    /// <summary>Requests by method and status.</summary>
    public RequestCounts Requests { get; } = new();

    /// <summary>Dials for requests by result.</summary>
    public NamedCounts Connects { get; } = new();

    /// <summary>Upgraded connections that are over, by how they ended.</summary>
    public NamedCounts Tunnels { get; } = new();

    /// <summary>Health probes by their result.</summary>
    public NamedCounts Probes { get; } = new();

    /// <summary>Requests for attestation documents by what they came to.</summary>
    public NamedCounts Attestations { get; } = new();

    /// <summary>What went wrong last.</summary>
    public EnclaveErrors Errors { get; } = new();

    /// <summary>Bytes of request bodies that clients sent, tunnels included.</summary>
    public long RequestBytes => Interlocked.Read(ref _requestBytes);

    /// <summary>Bytes of response bodies that were given to clients, tunnels included.</summary>
    public long ResponseBytes => Interlocked.Read(ref _responseBytes);

    /// <summary>How often another attempt was made at a request after one on it, here or on another enclave.</summary>
    public long Retries => Interlocked.Read(ref _retries);

    /// <summary>Requests that left it for another enclave.</summary>
    public long Failovers => Interlocked.Read(ref _failovers);

    /// <summary>How often evidence from traffic took it out.</summary>
    public long Ejections => Interlocked.Read(ref _ejections);

    /// <summary>How often its state has changed, over all its runs; that it left the configuration is no change.</summary>
    public long StateChanges => Interlocked.Read(ref _stateChanges);

    /// <summary>How often it went from taking traffic to taking none.</summary>
    public long Outages => Interlocked.Read(ref _outages);

    /// <summary>How long it took no traffic although it was configured; what still lasts is not in it.</summary>
    public TimeSpan EndedDowntime => new(Interlocked.Read(ref _downtimeTicks));

    /// <summary>How long requests took that are over; they were counted in <see cref="Requests"/> at their heads.</summary>
    public LatencyHistogram Times { get; } = new();

    /// <summary>Bytes came from a client.</summary>
    public void AddRequestBytes(long count) => Interlocked.Add(ref _requestBytes, count);

    /// <summary>Bytes went to a client.</summary>
    public void AddResponseBytes(long count) => Interlocked.Add(ref _responseBytes, count);

    /// <summary>A request that failed on it is tried once more.</summary>
    public void CountRetry() => Interlocked.Increment(ref _retries);

    /// <summary>A request leaves it.</summary>
    public void CountFailover() => Interlocked.Increment(ref _failovers);

    /// <summary>Its state has changed to this one.</summary>
    public void CountStateChange(EnclaveState state)
    {
        Interlocked.Increment(ref _stateChanges);
        if (state == EnclaveState.Ejected)
            Interlocked.Increment(ref _ejections);
    }

    /// <summary>It takes no traffic from now on.</summary>
    public void CountOutage() => Interlocked.Increment(ref _outages);

    /// <summary>A time without traffic is over.</summary>
    public void AddDowntime(TimeSpan duration) => Interlocked.Add(ref _downtimeTicks, duration.Ticks);

    /// <summary>A dial for requests ended.</summary>
    public void CountConnect(string result, TimeSpan duration)
    {
        Connects.Count(result);
        _meter.ConnectDuration.Record(duration.TotalSeconds, _tag);
    }

    /// <summary>A probe ended; one that failed is among the last errors.</summary>
    public void CountProbe(ProbeResult result)
    {
        Probes.Count(result.Code);
        _meter.ProbeDuration.Record(result.Latency.TotalSeconds, _tag);
        if (!result.Ok)
            Errors.Note(result.At, result.Code, result.Detail);
    }

    /// <summary>A request is over.</summary>
    /// <param name="duration">From its arrival to its end; to the head of the response when it became a tunnel.</param>
    /// <param name="queue">How long it had no connection, the dial not counted; null when it never had one.</param>
    /// <param name="firstByte">From the connection to the head of the response; null without a head.</param>
    public void RecordRequest(TimeSpan duration, TimeSpan? queue, TimeSpan? firstByte)
    {
        Times.Count(duration);
        _meter.RequestDuration.Record(duration.TotalSeconds, _tag);
        if (queue is { } queued)
            _meter.QueueDuration.Record(queued.TotalSeconds, _tag);
        if (firstByte is { } head)
            _meter.TimeToFirstByte.Record(head.TotalSeconds, _tag);
    }
}
