namespace ParentProxy.Sockets;

/// <summary>
/// Who runs a <see cref="Relay"/>: counts, watches for idleness, and judges how it ended. Called by both directions at once.
/// </summary>
internal interface IRelayOwner
{
    /// <summary>Whether the rest of what moves is of no use to anybody, and how it ends does not matter any more.</summary>
    bool IsOver { get; }

    /// <summary>Bytes have come, and are not yet written to the other end: whoever holds them finds them counted.</summary>
    /// <param name="from">The end that they came from.</param>
    /// <param name="bytes">Only until this returns.</param>
    void OnRead(IRelayEnd from, ReadOnlySpan<byte> bytes);

    /// <summary>They were written: something moved just now.</summary>
    void OnProgress();

    /// <summary>A direction has ended.</summary>
    /// <param name="at">The end at which it did: the one that ended or broke.</param>
    /// <param name="broken">How it broke; null when it was ended in order, as far as the socket can tell.</param>
    void OnEnd(IRelayEnd at, Exception? broken);
}
