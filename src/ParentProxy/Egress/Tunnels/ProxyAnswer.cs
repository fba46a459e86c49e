using ParentProxy.Endpoints;
using ParentProxy.Http1;

namespace ParentProxy.Egress.Tunnels;

/// <summary>The proxy's own answers to requests of enclaves: RFC 9110, and RFC 9457 for what went wrong.</summary>
internal static class ProxyAnswer
{
    /// <summary>
    /// The answer to a CONNECT that succeeded. Exactly 200: several clients take no other code of success. Without fields, which have no
    /// meaning here.
    /// </summary>
    public static ReadOnlyMemory<byte> Connected { get; } = "HTTP/1.1 200 OK\r\n\r\n"u8.ToArray();

    /// <summary>What a destination that was not reached is answered with.</summary>
    /// <param name="destination">What was asked for.</param>
    /// <param name="failure">How it came out.</param>
    /// <param name="closes">Whether the connection ends with it.</param>
    public static byte[] NotReached(Destination destination, EgressException failure, bool closes)
    {
        var (status, phrase, detail) = failure.Result switch
        {
            EgressResult.Denied => (403, $"Forbidden: no rule of the parent allows {destination}", failure.Message),
            EgressResult.Unresolved => (502, $"Bad Gateway: {destination.Host} has no address", $"The name led nowhere ({failure.Code})."),
            EgressResult.Limit => (
                503, $"Service Unavailable: {destination.Host} was not looked up", "Too many lookups are open; try again in a moment."),
            _ when failure.Code == "timeout" => (504, $"Gateway Timeout: {destination} did not answer", "It did not answer in time."),
            _ => (502, $"Bad Gateway: {destination} was not reached", $"The connection failed ({failure.Code})."),
        };
        var hint = failure.Result == EgressResult.Denied ? "" : " The log of parent-proxy on the parent instance has more.";
        return ProblemAnswer.Write(status, phrase, $"{destination}: {detail}{hint}", closes);
    }

    /// <summary>What is answered to what is no request.</summary>
    public static byte[] Malformed(MalformedRequestException failure) => ProblemAnswer.Write(
        failure.Status,
        failure.Status switch
        {
            408 => "Request Timeout",
            414 => "URI Too Long",
            431 => "Request Header Fields Too Large",
            501 => "Not Implemented",
            505 => "HTTP Version Not Supported",
            _ => "Bad Request",
        },
        $"This is the HTTP proxy of the parent instance, and the request cannot be taken: {failure.Message}.",
        closes: true);
}
