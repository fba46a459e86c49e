using System.Collections.Concurrent;

namespace ParentProxy.Egress.Logs;

/// <summary>
/// What became of the lines of enclaves, by <see cref="EgressPeer.Label"/>. It outlives listeners, so that a reload does not take
/// anything back.
/// </summary>
internal sealed class LogCounts
{
    private readonly ConcurrentDictionary<string, LineCounts> _byLabel = new(StringComparer.Ordinal);

    /// <summary>The counts of an enclave, which begin at none.</summary>
    public LineCounts Of(EgressPeer peer) => _byLabel.GetOrAdd(peer.Label, static _ => new LineCounts());

    /// <summary>Those of every enclave that has connected so far.</summary>
    public IEnumerable<(string Label, LineCounts Counts)> Read()
    {
        foreach (var (label, counts) in _byLabel)
            yield return (label, counts);
    }
}
