using ParentProxy.Endpoints;

namespace ParentProxy.Configuration;

/// <summary>An entry of <c>Enclave:Forwards</c>: an address inside, and the parent's behind it.</summary>
internal sealed record InsideForwardOptions
{
    /// <summary>Where programs inside connect, as a rule on loopback.</summary>
    public required InsideAddress Listen { get; init; }

    /// <summary>One of the parent's <c>Egress:Forwards</c>, as a rule <c>vsock://3:PORT</c>.</summary>
    public required EnclaveEndpoint To { get; init; }
}
