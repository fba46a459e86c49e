using ParentProxy.Endpoints;

namespace ParentProxy.Configuration;

/// <summary>An entry of <c>Enclave:Ingress</c>: a port of the enclave, and the application's socket behind it.</summary>
internal sealed record InsideIngressOptions
{
    /// <summary>Where the parent connects, as a rule <c>vsock://any:PORT</c>.</summary>
    public required InsideAddress Listen { get; init; }

    /// <summary>The application: TCP on loopback, or a unix socket.</summary>
    public required EnclaveEndpoint To { get; init; }

    /// <summary>Whether connections begin with a PROXY header, and whether the application gets one.</summary>
    public ProxyProtocolOptions ProxyProtocol { get; init; } = new();
}
