using ParentProxy.Configuration;
using ParentProxy.Endpoints;
using ParentProxy.Trust.Clients;

namespace ParentProxy.Trust;

/// <summary>Whom and how section <c>Attestation</c> asks.</summary>
internal static class AttestationClients
{
    /// <summary>Where an enclave is asked.</summary>
    /// <param name="enclave">Where it is dialled for requests.</param>
    /// <param name="options">The settings.</param>
    public static EnclaveEndpoint EndpointOf(EnclaveEndpoint enclave, AttestationOptions options)
    {
        var port = options.Port ?? (options.Protocol == AttestationProtocol.Jsonl ? AttestationOptions.JsonlPort : null);
        return port is { } other ? enclave.WithPort(other) : enclave;
    }

    /// <summary>A client for one enclave.</summary>
    /// <param name="peer">The enclave, at <see cref="EndpointOf"/>.</param>
    /// <param name="options">The settings.</param>
    /// <param name="proxy">Says which version of HTTP the application speaks, and for which host it answers.</param>
    public static IAttestationClient For(AttestationPeer peer, AttestationOptions options, ProxyOptions proxy)
    {
        if (options.Protocol == AttestationProtocol.Jsonl)
            return new JsonLinesClient(peer);
        return new HttpAttestationClient(peer, new HttpAttestationOptions
        {
            Path = options.Path,
            Pointer = options.Pointer,
            HttpVersion = proxy.Routing.HttpVersion,
            Host = proxy.Health.Probe.Host,
            IsTls = options.Protocol == AttestationProtocol.Https,
        });
    }
}
