using Yarp.ReverseProxy.Model;

namespace ParentProxy.Ingress.Failover;

/// <summary>The search for an enclave that takes a request: among which, for how long, and which of them it has been to.</summary>
internal sealed class EnclaveSearch(TimeProvider time)
{
    /// <summary>
    /// How much longer than its patience a request may take in all. It lets the dial of a request's first attempt have its
    /// whole time.
    /// </summary>
    private static readonly TimeSpan DialSlack = TimeSpan.FromMilliseconds(200);

    private ClusterState? _cluster;
    private HashSet<string>? _tried;
    private bool _hasMetFullQueue;
    private bool _isPatient;

    /// <summary>Among which is chosen, now: a reload may bring others.</summary>
    public IReadOnlyList<DestinationState> Members => _cluster?.DestinationsState.AllDestinations ?? [];

    /// <summary>Whether a session stays with its enclave, so that there is no choice.</summary>
    public bool HasAffinity => _cluster?.Model.Config.SessionAffinity is { Enabled: true };

    /// <summary>How long an enclave is looked for.</summary>
    public TimeSpan Patience { get; private set; }

    /// <summary>Timestamp from which on an enclave has been looked for: the arrival, or the end of an attempt that had one.</summary>
    public long Started { get; private set; }

    /// <summary>Timestamp after which no enclave is dialled for the request any more.</summary>
    public long DialDeadline { get; private set; }

    /// <summary>Whether the request has been without an enclave for as long as it may.</summary>
    public bool IsOver => Patience <= time.GetElapsedTime(Started);

    /// <summary>Whether there is another enclave to go to when the one that was chosen has a full accept queue.</summary>
    public bool CanRedispatch { get; private set; }

    /// <summary>The search begins, with the arrival of the request.</summary>
    /// <param name="cluster">Whose members may take the request.</param>
    /// <param name="patience">How long it may take.</param>
    /// <param name="arrival">Timestamp of the request's arrival.</param>
    public void Begin(ClusterState cluster, TimeSpan patience, long arrival)
    {
        _cluster = cluster;
        Patience = patience;
        Begin(arrival);
    }

    /// <summary>From now on an enclave is looked for with the patience of a request that has just come.</summary>
    public void Restart() => Begin(time.GetTimestamp());

    /// <summary>Those of <paramref name="usable"/> that it has not been to.</summary>
    public IReadOnlyList<DestinationState> Untried(IReadOnlyList<DestinationState> usable) =>
        _tried is null ? usable : [.. usable.Where(member => !_tried.Contains(member.DestinationId))];

    /// <summary>One of so many is about to be chosen.</summary>
    public void Choose(int candidates) => CanRedispatch = candidates > 1 && !_isPatient && !HasAffinity;

    /// <summary>It has been to a member in vain.</summary>
    /// <param name="id">The member's.</param>
    /// <param name="hasFullQueue">Whether its accept queue may be full.</param>
    public void NoteTried(string id, bool hasFullQueue)
    {
        _hasMetFullQueue |= hasFullQueue;
        (_tried ??= new HashSet<string>(StringComparer.OrdinalIgnoreCase)).Add(id);
    }

    /// <summary>All members may be chosen once more.</summary>
    public void ForgetTried() => _tried = null;

    /// <summary>
    /// All members were tried. If some have full accept queues, from now on it waits for the one that is chosen to take it.
    /// </summary>
    public bool TryBecomePatient()
    {
        if (!_hasMetFullQueue)
            return false;
        (_hasMetFullQueue, _isPatient, _tried) = (false, true, null);
        return true;
    }

    private void Begin(long now)
    {
        Started = now;
        DialDeadline = now + (long)((Patience + DialSlack).TotalSeconds * time.TimestampFrequency);
    }
}
