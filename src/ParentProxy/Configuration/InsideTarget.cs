using ParentProxy.Configuration.Reading;
using ParentProxy.Endpoints;

namespace ParentProxy.Configuration;

/// <summary>
/// Where a connection goes from inside an enclave: the URI of an endpoint, or <c>HOST:PORT</c> for TCP. <c>localhost</c> is 127.0.0.1: an
/// image need not have it in <c>/etc/hosts</c>.
/// </summary>
internal static class InsideTarget
{
    private const string Tcp = "tcp://";

    /// <summary>Reads one.</summary>
    public static Parsed<EnclaveEndpoint> Parse(string text)
    {
        if (EnclaveEndpoint.TryParse(text, out var endpoint, out var reason))
            return WithAddress(endpoint!);
        return !text.Contains('/', StringComparison.Ordinal) && EnclaveEndpoint.TryParse(Tcp + text, out endpoint, out _)
            ? WithAddress(endpoint!)
            : new Mistake(reason!);
    }

    /// <summary>The same, by its address where it is <c>localhost</c>.</summary>
    public static EnclaveEndpoint WithAddress(EnclaveEndpoint endpoint) =>
        endpoint.Host == "localhost" ? EnclaveEndpoint.Tcp("127.0.0.1", endpoint.Port) : endpoint;
}
