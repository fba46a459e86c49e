namespace ParentProxy.Trust.Clients;

/// <summary>Asks an enclave for an attestation document, each over a connection of its own. Safe to use from any thread.</summary>
internal interface IAttestationClient
{
    /// <summary>Asks once, without a second attempt.</summary>
    /// <param name="request">What the document shall carry.</param>
    /// <param name="cancellationToken">Gives up with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The bytes that the enclave calls a document; nobody has looked at them yet.</returns>
    /// <exception cref="AttestationRequestException">There is none.</exception>
    Task<byte[]> RequestAsync(AttestationRequest request, CancellationToken cancellationToken);
}
