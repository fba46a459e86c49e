using ParentProxy.Endpoints;

namespace ParentProxy.Configuration;

/// <summary>Section <c>Enclave:Connect</c>: the parent's HTTP proxy on an address inside.</summary>
internal sealed record InsideConnectOptions
{
    /// <summary>Where programs inside connect: what <c>HTTPS_PROXY</c> says.</summary>
    public required InsideAddress Listen { get; init; }

    /// <summary>Where the parent has <c>Egress:Connect</c>.</summary>
    public required EnclaveEndpoint To { get; init; }
}
