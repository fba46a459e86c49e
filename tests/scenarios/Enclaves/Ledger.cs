using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using ParentProxy.Scenarios.Wire;

namespace ParentProxy.Scenarios.Enclaves;

/// <summary>What came to all enclaves of a run, probes aside.</summary>
internal sealed partial class Ledger(RunClock clock)
{
    private readonly ConcurrentQueue<Arrival> _arrivals = new();
    private int _errorsSent;

    /// <summary>Everything, in its order.</summary>
    public IReadOnlyList<Arrival> Arrivals => [.. _arrivals];

    /// <summary>Requests that were answered with 500.</summary>
    public int ErrorsSent => Volatile.Read(ref _errorsSent);

    /// <summary>Counts an answer of 500 to a request.</summary>
    public void AddError() => Interlocked.Increment(ref _errorsSent);

    /// <summary>Enters a request that was read to its end.</summary>
    public void Add(string enclave, string id, bool isPost) => _arrivals.Enqueue(new Arrival(enclave, id, isPost, true, clock.Now));

    /// <summary>Enters the requests that had begun to come, where nobody goes on to read them.</summary>
    public void AddUnread(string enclave, string bytes)
    {
        foreach (Match begun in RequestLine().Matches(bytes))
            _arrivals.Enqueue(new Arrival(enclave, begun.Groups["id"].Value, begun.Groups["method"].Value == "POST", false, clock.Now));
    }

    [GeneratedRegex("(?<method>GET|POST) /r/(?<id>[^ ]+) HTTP")]
    private static partial Regex RequestLine();
}
