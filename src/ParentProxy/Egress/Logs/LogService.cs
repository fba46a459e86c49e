using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;

namespace ParentProxy.Egress.Logs;

/// <summary>
/// Takes lines from enclaves and has each written as a log event. It reads on whatever happens: an enclave that writes more than it
/// may, or faster than the log is written, loses lines, and never waits.
/// </summary>
internal sealed class LogService : IEgressService, IAsyncDisposable
{
    private static readonly TimeSpan WarnInterval = TimeSpan.FromMinutes(1);

    /// <summary>How long the end waits for the last lines to be written.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(3);

    /// <summary>A read of so many bytes may hold thousands of lines.</summary>
    private const int YieldBytes = 2048;

    /// <summary>Enclaves that are remembered before those that left are forgotten.</summary>
    private const int MaxIdle = 64;

    private readonly Func<EgressLogsOptions> _options;
    private readonly LogCounts _counts;
    private readonly EgressCounts _connections;
    private readonly ILogger _logger;
    private readonly EnclaveOutput _output;
    private readonly TimeProvider _time;
    private readonly ITimer _warning;
    private readonly Lock _gate = new();
    private readonly Dictionary<(uint? Cid, string? Id), EnclaveLines> _enclaves = [];
    private int _isWarningDue;

    /// <summary>Serves any number of connections and of listeners, for all of which an enclave has one limit.</summary>
    /// <param name="options">What is in effect at the moment; asked for each line.</param>
    /// <param name="counts">What is counted of lines.</param>
    /// <param name="connections">Its connections are counted here when they are over.</param>
    /// <param name="loggers">The log.</param>
    /// <param name="time">The clock.</param>
    public LogService(
        Func<EgressLogsOptions> options, LogCounts counts, EgressCounts connections, ILoggerFactory loggers, TimeProvider time)
    {
        (_options, _counts, _connections, _time) = (options, counts, connections, time);
        _logger = loggers.CreateLogger<LogService>();
        _output = new EnclaveOutput(loggers.CreateLogger<EnclaveOutput>());
        _warning = time.CreateTimer(_ => Warn(), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public async Task ServeAsync(EgressConnection connection, CancellationToken cut)
    {
        var (peer, socket) = (connection.Peer, connection.Socket);
        var enclave = Enter(peer);
        using var lines = new LineBuffer();
        try
        {
            while (true)
            {
                if (lines.IsEmpty)
                {
                    lines.Trim();
                    await socket.ReceiveAsync(Memory<byte>.Empty, cut).ConfigureAwait(false);
                }

                var count = await socket.ReceiveAsync(lines.Room(), cut).ConfigureAwait(false);
                if (count == 0)
                    return;
                lines.Add(count);
                TakeWhole(lines, peer, enclave);

                // What is dropped is dropped fast, and must not hold up the other connections of the event loop.
                if (count >= YieldBytes)
                    await Task.Yield();
            }
        }
        catch (OperationCanceledException) when (cut.IsCancellationRequested)
        {
            // The time of a stop is over.
        }
        finally
        {
            if (lines.TryTakeLast(_options().MaxLineBytes, out var line, out var isCut))
                Take(peer, enclave, line, isCut);
            Leave(enclave);
            _connections.Count(connection.Listener, EgressCounts.NoRule, EgressResult.Ok);
        }
    }

    /// <summary>Completes when every line is written that was read before.</summary>
    public Task FlushAsync() => _output.FlushAsync();

    /// <summary>
    /// Says what was not said yet, and waits a moment for what was read to be written. Called when no connection is left.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await _warning.DisposeAsync().ConfigureAwait(false);
        try
        {
            await FlushAsync().WaitAsync(LastWords, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // A sink that blocks: no reason never to end.
        }

        Warn();
    }

    private void TakeWhole(LineBuffer lines, EgressPeer peer, EnclaveLines enclave)
    {
        while (lines.TryTake(_options().MaxLineBytes, out var line, out var isCut))
            Take(peer, enclave, line, isCut);
    }

    private void Take(EgressPeer peer, EnclaveLines enclave, ReadOnlySpan<byte> line, bool isCut)
    {
        // An empty line says nothing; the journal leaves it out as well.
        if (line.IsEmpty)
            return;
        if (isCut)
            enclave.Counts.CountCut();
        var mayWrite = enclave.TryTake(_options().LinesPerSecond);
        if (mayWrite && _output.TryAdd(peer, enclave, line, isCut))
            return;
        if (mayWrite)
            enclave.Lose();
        if (Interlocked.Exchange(ref _isWarningDue, 1) == 0)
            _warning.Change(WarnInterval, Timeout.InfiniteTimeSpan);
    }

    private EnclaveLines Enter(EgressPeer peer)
    {
        lock (_gate)
        {
            var key = (peer.Cid, peer.Id);
            if (!_enclaves.TryGetValue(key, out var enclave))
            {
                if (_enclaves.Count >= MaxIdle)
                    ForgetRested();
                enclave = _enclaves[key] = new EnclaveLines(peer, _counts.Of(peer), _time);
            }

            enclave.Connections++;
            return enclave;
        }
    }

    private void Leave(EnclaveLines enclave)
    {
        lock (_gate)
            enclave.Connections--;
    }

    private void ForgetRested()
    {
        foreach (var (key, enclave) in _enclaves)
        {
            if (enclave.Connections > 0 || !enclave.IsRested)
                continue;
            Warn(enclave);
            _enclaves.Remove(key);
        }
    }

    private void Warn()
    {
        EnclaveLines[] enclaves;
        lock (_gate)
            enclaves = [.. _enclaves.Values];
        Volatile.Write(ref _isWarningDue, 0);
        foreach (var enclave in enclaves)
            Warn(enclave);
    }

    private void Warn(EnclaveLines enclave)
    {
        var (overRate, lost) = enclave.TakeDropped();
        if (overRate > 0)
            LogsLog.OverRate(_logger, enclave.Peer, _options().LinesPerSecond, overRate);
        if (lost > 0)
            LogsLog.Lost(_logger, enclave.Peer, lost);
    }
}
