namespace ParentProxy.ProxyProtocol;

/// <summary>
/// Reads the header of the PROXY protocol from the beginning of a connection, in either version, strictly as HAProxy's
/// <c>proxy-protocol.txt</c> has it. How the bytes arrive makes no difference: the whole beginning is read each time, and
/// what is refused stays refused.
/// </summary>
internal static class ProxyHeaderParser
{
    /// <summary>
    /// The most bytes that are read for a header, TLVs included. The protocol means a header to fit into 536 bytes and
    /// allows 65,551: a proxy that puts names of certificates into it comes to some hundreds.
    /// </summary>
    public const int MaxBytes = 4096;

    /// <summary>Looks at what has arrived.</summary>
    /// <param name="received">Everything from the first byte of the connection on.</param>
    /// <param name="header">The header when it is complete; its TLVs are a copy.</param>
    /// <param name="consumed">Its length: what follows belongs to the client. Otherwise 0.</param>
    /// <param name="problem">What is wrong with a header that is malformed, in words for a log; else null.</param>
    public static ProxyHeaderStatus Parse(ReadOnlySpan<byte> received, out ProxyHeader? header, out int consumed, out string? problem)
    {
        if (received.StartsWith(BinaryHeader.Signature))
            return BinaryHeader.Parse(received, out header, out consumed, out problem);
        if (received.StartsWith(TextHeader.Signature))
            return TextHeader.Parse(received, out header, out consumed, out problem);
        (header, consumed, problem) = (null, 0, null);
        return BinaryHeader.Signature.StartsWith(received) || TextHeader.Signature.StartsWith(received)
            ? ProxyHeaderStatus.Incomplete
            : ProxyHeaderStatus.NoHeader;
    }
}
