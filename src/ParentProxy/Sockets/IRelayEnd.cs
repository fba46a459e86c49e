namespace ParentProxy.Sockets;

/// <summary>A connection at one end of a <see cref="Relay"/>. One read and one write run at a time.</summary>
internal interface IRelayEnd
{
    /// <summary>Reads what is there, waiting for the first byte; 0 is the end. Into an empty buffer it waits and takes nothing.</summary>
    ValueTask<int> ReadAsync(Memory<byte> buffer);

    /// <summary>Writes all of a buffer, and holds nothing back.</summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> buffer);

    /// <summary>Ends our direction: nothing is written after it, while the peer may go on sending.</summary>
    ValueTask EndWritingAsync();

    /// <summary>Closes at once; what is pending fails.</summary>
    void Abort();
}
