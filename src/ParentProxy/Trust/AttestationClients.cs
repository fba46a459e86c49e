using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Trust.Clients;

namespace ParentProxy.Trust;

/// <summary>Whom and how section <c>Attestation</c> asks.</summary>
internal static class AttestationClients
{
    /// <summary>A client for one enclave.</summary>
    /// <param name="connector">The way to it.</param>
    /// <param name="options">The settings.</param>
    /// <param name="httpVersion">1.1 or 2, as requests have it.</param>
    /// <param name="time">The clock of the time-out.</param>
    public static IAttestationClient For(
        EnclaveConnector connector, AttestationOptions options, Version httpVersion, TimeProvider time)
    {
        var isJsonl = options.Protocol == AttestationProtocol.Jsonl;
        var port = options.Port ?? (isJsonl ? AttestationOptions.JsonlPort : null);
        var endpoint = port is { } other ? connector.Endpoint.WithPort(other) : connector.Endpoint;
        var peer = new AttestationPeer(
            endpoint, token => connector.DialAsync(endpoint, connector.ConnectTimeout, token), options.Timeout, time);
        if (isJsonl)
            return new JsonLinesClient(peer);
        return new HttpAttestationClient(peer, new HttpAttestationOptions
        {
            Path = options.Path,
            Pointer = options.Pointer,
            HttpVersion = httpVersion,
            IsTls = options.Protocol == AttestationProtocol.Https,
        });
    }
}
