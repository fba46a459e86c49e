using System.Net.Sockets;

namespace ParentProxy.Sockets;

/// <summary>What a <see cref="LoopSocket"/> does differently for the kind of connection that it is.</summary>
internal sealed class LoopSocketOptions
{
    /// <summary>Of a connection that needs nothing of its own: failures are thrown as the runtime's sockets throw them.</summary>
    public static readonly LoopSocketOptions Default = new();

    /// <summary>
    /// Makes of a failure, and of what was tried (read, write or shutdown), what is thrown; null: the failure itself. Nothing else
    /// is thrown but <see cref="ObjectDisposedException"/> and <see cref="OperationCanceledException"/>.
    /// </summary>
    public Func<SocketException, string, Exception>? Explain { get; init; }

    /// <summary>The most bytes that one system call sends, however large the buffer.</summary>
    public int MaxSendBytes { get; init; } = int.MaxValue;

    /// <summary>
    /// The clock by which the descriptor stays open for a moment when something was sent, until the peer has read it all and closes,
    /// too; null where the kernel takes care of that, which it does but on vsock.
    /// </summary>
    public TimeProvider? LingerClock { get; init; }
}
