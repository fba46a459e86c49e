using System.Runtime.CompilerServices;
using ParentProxy.Configuration;
using ParentProxy.Runtime;

namespace ParentProxy.Enclaves;

/// <summary>
/// Chooses among the enclaves of a set, and waits for one: the rules for whatever is carried to an enclave. A member of a set is
/// what stands for an enclave where it is carried; all that is asked of one is its id. A set that passes whole is given back as
/// it is.
/// </summary>
internal sealed class EnclaveSelector(EnclaveRegistry registry, ActiveConfiguration configuration, TimeProvider time)
{
    /// <summary>How long is waited for news at most before the enclaves are looked at again.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);

    private readonly Lock _turning = new();
    private readonly ConditionalWeakTable<object, StrongBox<int>> _turns = [];
    private int _waiting;

    /// <summary>How many wait because no enclave of theirs can be dialled.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Whether any enclave may be getting less than its share just now.</summary>
    private bool IsAnyStartingSlowly =>
        registry.LastReturn is not 0 and var last && time.GetElapsedTime(last) < configuration.Options.Routing.SlowStart;

    /// <summary>
    /// Whether evidence from traffic may take one more enclave of a service out: never the last usable one, and never more than
    /// half of them. One request that makes an application drop its connection must not take enclave after enclave out.
    /// </summary>
    /// <param name="service">The states of all its enclaves; null for one that is not there.</param>
    public static bool MayEject(IEnumerable<EnclaveState?> service)
    {
        int all = 0, usable = 0, ejected = 0;
        foreach (var state in service)
        {
            all++;
            usable += state == EnclaveState.Healthy ? 1 : 0;
            ejected += state == EnclaveState.Ejected ? 1 : 0;
        }

        return usable > 1 && (ejected + 1) * 2 <= all;
    }

    /// <summary>Those that may get traffic now: the backups among them only where there is no other.</summary>
    public IReadOnlyList<T> Usable<T>(IReadOnlyList<T> members, Func<T, string> id) =>
        Where(members, id, static enclave => enclave is { IsUsable: true, IsBackup: false }) is { Count: > 0 } first
            ? first
            : Where(members, id, static enclave => enclave is { IsUsable: true });

    /// <summary>Those that have a connection free or may open one.</summary>
    public IReadOnlyList<T> WithRoom<T>(IReadOnlyList<T> members, Func<T, string> id) =>
        Where(members, id, static enclave => enclave is { HasRoom: true });

    /// <summary>Those that have room, or else all: only when none has, a request queues.</summary>
    public IReadOnlyList<T> PreferRoom<T>(IReadOnlyList<T> members, Func<T, string> id) =>
        members.Count > 1 && WithRoom(members, id) is { Count: > 0 } free ? free : members;

    /// <summary>
    /// Those that take part in this choice: one that has just returned does so in a part of them only, which grows with the time,
    /// since its caches are cold and its code is not compiled yet. Never none.
    /// </summary>
    public IReadOnlyList<T> Warm<T>(IReadOnlyList<T> members, Func<T, string> id)
    {
        if (!IsAnyStartingSlowly)
            return members;
        var warm = Where(
            members, id, static enclave => enclave?.Share is not { } share || share >= 1 || Random.Shared.NextDouble() < share);
        return warm.Count > 0 ? warm : members;
    }

    /// <summary>
    /// The one with the fewest requests for its weight. Among equals they take turns by weight, so that the weights also hold
    /// where there is never more than one request at a time.
    /// </summary>
    /// <param name="members">At least one. Whose turn it is, is known by the object.</param>
    /// <param name="id">The id of each.</param>
    public T LeastLoaded<T>(IReadOnlyList<T> members, Func<T, string> id)
        where T : class
    {
        var least = double.MaxValue;
        var chosen = (Member: members[0], Weight: 1);
        List<(T Member, int Weight)>? equals = null;
        for (var i = 0; i < members.Count; i++)
        {
            var enclave = registry.Find(id(members[i]));

            // One whose weight has just become 0 may still be among them.
            var weight = Math.Max(1, enclave?.Weight ?? 1);
            var load = (double)(enclave?.InFlight ?? 0) / weight;
            if (load < least)
            {
                (least, chosen) = (load, (members[i], weight));
                equals?.Clear();
            }
            else if (load <= least)
            {
                equals ??= [];
                if (equals.Count == 0)
                    equals.Add(chosen);
                equals.Add((members[i], weight));
            }
        }

        return equals is { Count: > 1 } ? NextInTurn(equals) : chosen.Member;
    }

    /// <summary>Whether any member but this enclave is usable.</summary>
    public bool HasOther<T>(IReadOnlyList<T> members, Func<T, string> id, Enclave enclave)
    {
        for (var i = 0; i < members.Count; i++)
        {
            if (registry.Find(id(members[i])) is { IsUsable: true } other && other != enclave)
                return true;
        }

        return false;
    }

    /// <summary>Waits until a member is usable, or, where one is that could not be dialled, for the next news of any.</summary>
    /// <param name="ids">The ids of the members; asked each time, since a reload may bring another one.</param>
    /// <param name="since">Timestamp of when an enclave was first looked for.</param>
    /// <param name="patience">How long one is looked for from then on.</param>
    /// <param name="changed">The registry's next change, as it was taken before the members were looked at.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<WaitEnd> WaitAsync(
        Func<IEnumerable<string>> ids, long since, TimeSpan patience, Task changed, CancellationToken cancellationToken)
    {
        if (!TryBeginWaiting())
            return WaitEnd.TooMany;
        var awaited = new HashSet<Enclave>();
        try
        {
            while (true)
            {
                foreach (var enclave in ids().Select(registry.Find).OfType<Enclave>())
                {
                    if (awaited.Add(enclave))
                        enclave.BeginWaiting();
                }

                var left = patience - time.GetElapsedTime(since);
                if (left <= TimeSpan.Zero)
                    return WaitEnd.TimedOut;
                await WakeSignal.WaitAsync(changed, left < LookAgain ? left : LookAgain, time, cancellationToken);
                changed = registry.Changed.Next;
                if (ids().Any(id => registry.Find(id) is { IsUsable: true }))
                    return WaitEnd.Usable;
            }
        }
        finally
        {
            foreach (var enclave in awaited)
                enclave.EndWaiting();
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>One more begins to wait; false when too many do already.</summary>
    private bool TryBeginWaiting()
    {
        if (Interlocked.Increment(ref _waiting) <= configuration.Options.Retry.MaxWaiting)
            return true;
        Interlocked.Decrement(ref _waiting);
        return false;
    }

    private IReadOnlyList<T> Where<T>(IReadOnlyList<T> members, Func<T, string> id, Func<Enclave?, bool> passes)
    {
        List<T>? some = null;
        for (var i = 0; i < members.Count; i++)
        {
            if (passes(registry.Find(id(members[i]))))
                some?.Add(members[i]);
            else
                some ??= [.. members.Take(i)];
        }

        return some ?? members;
    }

    /// <summary>Smooth weighted round robin: each gains its weight, the one with the most pays what all have gained.</summary>
    private T NextInTurn<T>(List<(T Member, int Weight)> equals)
        where T : class
    {
        lock (_turning)
        {
            var total = 0;
            StrongBox<int>? most = null;
            var chosen = equals[0].Member;
            foreach (var (member, weight) in equals)
            {
                var turn = _turns.GetOrCreateValue(member);
                turn.Value += weight;
                total += weight;
                if (most is null || turn.Value > most.Value)
                    (most, chosen) = (turn, member);
            }

            most!.Value -= total;
            return chosen;
        }
    }
}
