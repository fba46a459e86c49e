using System.Net;
using ParentProxy.Configuration.Reading;
using ParentProxy.Endpoints;

namespace ParentProxy.Configuration;

/// <summary>
/// Where a connection goes from inside an enclave: the URI of an endpoint, or <c>ADDRESS:PORT</c> for TCP. No name: whoever resolves it
/// would wait for this very program, and a static file cannot load what the C library resolves with. <c>localhost</c> is 127.0.0.1.
/// </summary>
internal static class InsideTarget
{
    private const string Tcp = "tcp://";

    public static Parsed<EnclaveEndpoint> Parse(string text)
    {
        if (EnclaveEndpoint.TryParse(text, out var endpoint, out var reason))
            return WithAddress(endpoint!);
        return !text.Contains('/', StringComparison.Ordinal) && EnclaveEndpoint.TryParse(Tcp + text, out endpoint, out _)
            ? WithAddress(endpoint!)
            : new Mistake(reason!);
    }

    /// <summary>The same, by its address where it is <c>localhost</c>; another name is refused.</summary>
    public static Parsed<EnclaveEndpoint> WithAddress(EnclaveEndpoint endpoint)
    {
        if (endpoint.Transport != EnclaveTransport.Tcp || IPAddress.TryParse(endpoint.Host, out _))
            return endpoint;
        return endpoint.Host == "localhost"
            ? EnclaveEndpoint.Tcp("127.0.0.1", endpoint.Port)
            : new Mistake($"{Quoted.Text(endpoint.Host)} is a name; inside, connections go to addresses, like 127.0.0.1:{endpoint.Port}");
    }
}
