using System.Collections.Concurrent;
using ParentProxy.Inside.Clock;
using ParentProxy.Vsock;

namespace ParentProxy.Tests.Inside.Clock;

/// <summary>A clock that only notes what is done to it: none of this machine is touched.</summary>
internal sealed class FakeClock : IAdjustableClock
{
    private readonly ConcurrentQueue<string> _done = new();

    /// <summary>Why nothing can be done.</summary>
    public Errno? Failure { get; set; }

    /// <summary>What was done, in order.</summary>
    public IReadOnlyList<string> Done => [.. _done];

    public Errno? Slew(TimeSpan by) => Note("slew", by);

    public Errno? Step(TimeSpan by) => Note("step", by);

    private Errno? Note(string what, TimeSpan by)
    {
        _done.Enqueue(FormattableString.Invariant($"{what} {by.TotalSeconds}"));
        return Failure;
    }
}
