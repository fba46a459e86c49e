using ParentProxy.Endpoints;

namespace ParentProxy.Enclaves.Transports;

/// <summary>Opens a byte stream to an endpoint. An interface, because tests put enclaves in its place that no machine has.</summary>
internal interface IEnclaveDialer
{
    /// <summary>Dials once, without a second attempt.</summary>
    /// <param name="endpoint">Where to.</param>
    /// <param name="timeout">How long the dial may take, look-up and handshake included.</param>
    /// <param name="cancellationToken">Ends the dial with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="DialException">No connection came about; nothing is left open.</exception>
    Task<EnclaveStream> DialAsync(EnclaveEndpoint endpoint, TimeSpan timeout, CancellationToken cancellationToken);
}
