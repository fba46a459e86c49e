using ParentProxy.Vsock;

namespace ParentProxy.Sockets;

/// <summary>What an operator is told of a <see cref="LoopListener"/>.</summary>
internal interface IListenerEvents
{
    /// <summary>Connections were closed at once because too many are open. Told at the 1st, the 2nd, the 4th, the 8th and so on.</summary>
    /// <param name="limit">How many are open.</param>
    /// <param name="rejected">How many were closed since the listener was opened.</param>
    void OnRejected(int limit, long rejected);

    /// <summary>All descriptors but the reserve are open. Told once a second at most.</summary>
    /// <param name="limit">How many there are; null where there is no limit.</param>
    void OnDescriptorsUsedUp(long? limit);

    /// <summary>Nothing could be accepted, or the address not be opened again. Told once a second at most.</summary>
    void OnAcceptFailed(Errno errno);

    /// <summary>The kernel's socket had failed time and again; it was closed, and the address opened anew.</summary>
    /// <param name="failures">How many times in a row.</param>
    /// <param name="errno">How it failed last.</param>
    void OnRemade(int failures, Errno errno);

    /// <summary>What kept clients out is gone.</summary>
    /// <param name="reason">What it was.</param>
    /// <param name="lasted">How long it was there.</param>
    void OnAcceptingAgain(string reason, TimeSpan lasted);
}
