namespace ParentProxy.ProxyProtocol;

/// <summary>What the beginning of a connection comes to where a header may stand, or has to.</summary>
internal static class ExpectedHeader
{
    /// <summary>Looks at what has arrived; false when more has to come.</summary>
    /// <param name="received">Everything from the first byte of the connection on.</param>
    /// <param name="isRequired">Whether a connection without a header is refused.</param>
    /// <param name="isOver">Whether nothing more will come: what is incomplete then is what the client has to say.</param>
    /// <param name="header">The header; null without one.</param>
    /// <param name="consumed">Its length: what follows belongs to the client.</param>
    /// <param name="refusal">Why the connection is to be closed, in words for a log; else null.</param>
    public static bool TryDecide(
        ReadOnlySpan<byte> received, bool isRequired, bool isOver, out ProxyHeader? header, out int consumed, out string? refusal)
    {
        var status = ProxyHeaderParser.Parse(received, out header, out consumed, out var problem);
        refusal = status switch
        {
            ProxyHeaderStatus.Malformed => $"its PROXY header is malformed: {problem}",
            ProxyHeaderStatus.Incomplete when isOver && received.Length > 0 => "it ended within its PROXY header",
            ProxyHeaderStatus.NoHeader when isRequired =>
                "it does not begin with a PROXY header, which ProxyProtocol:Accept requires",
            _ => null,
        };
        return status != ProxyHeaderStatus.Incomplete || isOver;
    }
}
