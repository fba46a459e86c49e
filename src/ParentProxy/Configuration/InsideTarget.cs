using ParentProxy.Configuration.Reading;
using ParentProxy.Endpoints;

namespace ParentProxy.Configuration;

/// <summary>Where a connection goes from inside an enclave: the URI of an endpoint, or <c>HOST:PORT</c> for TCP.</summary>
internal static class InsideTarget
{
    private const string Tcp = "tcp://";

    /// <summary>Reads one.</summary>
    public static Parsed<EnclaveEndpoint> Parse(string text)
    {
        if (EnclaveEndpoint.TryParse(text, out var endpoint, out var reason))
            return endpoint!;
        return !text.Contains('/', StringComparison.Ordinal) && EnclaveEndpoint.TryParse(Tcp + text, out endpoint, out _)
            ? endpoint!
            : new Mistake(reason!);
    }
}
