using Microsoft.Extensions.Logging;

namespace ParentProxy.Egress.Lookups;

internal static partial class DnsServiceLog
{
    [LoggerMessage(
        EventId = 1020,
        Level = LogLevel.Information,
        Message = "{Peer} asks for names on {Listener} by datagrams without their lengths, as 'socat UDP4-LISTEN' passes them on. They are "
            + "answered, 10 ms apart; but of look-ups of the same moment socat may give one the answers of another. 'options use-vc' in "
            + "the enclave's /etc/resolv.conf and a bridge by 'socat TCP4-LISTEN' avoid that. Said once for each enclave")]
    public static partial void Bare(ILogger logger, EgressPeer peer, string listener);

    [LoggerMessage(
        EventId = 1021,
        Level = LogLevel.Information,
        Message = "The answer for {Name} to {Peer} on {Listener} has {Bytes} bytes, and its datagram takes {Limit}: it was cut to whole "
            + "records. Most resolvers ask again over TCP then, for which the enclave needs a bridge for TCP port 53 beside that for UDP. "
            + "Said once for each enclave")]
    public static partial void Truncated(ILogger logger, EgressPeer peer, string listener, string name, int bytes, int limit);

    [LoggerMessage(
        EventId = 1022,
        Level = LogLevel.Warning,
        Message = "A stream of {Peer} on {Listener} was closed: what came on it is no DNS question, neither with a length before it nor "
            + "without, or one of more than 4,096 bytes. Is something else connected to this port? Said once for each enclave")]
    public static partial void Lost(ILogger logger, EgressPeer peer, string listener);

    [LoggerMessage(
        EventId = 1023,
        Level = LogLevel.Warning,
        Message = "No resolver knows {Name} for {Peer} ({Code}): {Report}. It was answered with {Answer}. "
            + "{Unsaid} more of this enclave since its last line")]
    public static partial void ResolversFail(
        ILogger logger, EgressPeer peer, string name, string code, string report, string answer, long unsaid);

    [LoggerMessage(
        EventId = 1025,
        Level = LogLevel.Warning,
        Message = "{Peer} asks for names on {Listener} and does not read the answers: more than {Bytes} bytes of them wait, or {AllBytes} "
            + "of all enclaves. Further questions are answered with SERVFAIL until it does. Said once for each enclave")]
    public static partial void Unread(ILogger logger, EgressPeer peer, string listener, int bytes, int allBytes);

    [LoggerMessage(
        EventId = 1024,
        Level = LogLevel.Error,
        Message = "A question of {Peer} on {Listener} was answered with SERVFAIL by a fault of this program")]
    public static partial void Fault(ILogger logger, EgressPeer peer, string listener, Exception exception);
}
