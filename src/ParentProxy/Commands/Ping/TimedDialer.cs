using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;

namespace ParentProxy.Commands.Ping;

/// <summary>Tells how long the dials of one attempt took.</summary>
/// <param name="inner">Dials.</param>
/// <param name="time">The clock.</param>
internal sealed class TimedDialer(IEnclaveDialer inner, TimeProvider time) : IEnclaveDialer
{
    private readonly AsyncLocal<Stopwatch?> _current = new();

    /// <summary>Begins an attempt; what it dials is told in what is returned.</summary>
    public Stopwatch Begin() => _current.Value = new Stopwatch();

    /// <inheritdoc/>
    public async Task<EnclaveStream> DialAsync(EnclaveEndpoint endpoint, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var watch = _current.Value;
        var started = time.GetTimestamp();
        var stream = await inner.DialAsync(endpoint, timeout, cancellationToken);
        if (watch is not null)
            watch.Took = time.GetElapsedTime(started);
        return stream;
    }

    /// <summary>How long a dial took.</summary>
    internal sealed class Stopwatch
    {
        /// <summary>Null until a connection has come about.</summary>
        public TimeSpan? Took { get; set; }
    }
}
