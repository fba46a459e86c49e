using ParentProxy.Sockets;

namespace ParentProxy.Egress;

/// <summary>A connection of an enclave that was accepted.</summary>
/// <param name="listener">The address where it was, as it is configured.</param>
/// <param name="peer">The enclave.</param>
/// <param name="socket">The connection; it sends no more at once than vsock bears.</param>
/// <param name="accepted">Timestamp of when it was accepted.</param>
internal sealed class EgressConnection(string listener, EgressPeer peer, LoopSocket socket, long accepted)
{
    /// <summary>The address where it was accepted, as it is configured.</summary>
    public string Listener => listener;

    /// <summary>The enclave at the other end.</summary>
    public EgressPeer Peer => peer;

    /// <summary>What is read from and written to.</summary>
    public LoopSocket Socket => socket;

    /// <summary>Timestamp of when it was accepted.</summary>
    public long Accepted => accepted;

    /// <summary>Sends an answer of ours; one that the enclave does not take in time ends the connection.</summary>
    /// <param name="answer">All of it.</param>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cut">Fires when the connection has to end.</param>
    /// <exception cref="OperationCanceledException">It took too long, or has to end: the connection is closed.</exception>
    public async Task AnswerAsync(ReadOnlyMemory<byte> answer, TimeSpan timeout, TimeProvider time, CancellationToken cut)
    {
        using var patience = new CancellationTokenSource(timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cut, patience.Token);
        try
        {
            await socket.WriteAsync(answer, both.Token);
        }
        catch (OperationCanceledException)
        {
            socket.Abort();
            throw;
        }
    }
}
