namespace ParentProxy.Configuration;

/// <summary>How an enclave is asked for its attestation document.</summary>
internal enum AttestationProtocol
{
    /// <summary>A GET with a nonce, answered with JSON.</summary>
    Http,

    /// <summary>The same over TLS, without a look at the certificate.</summary>
    Https,

    /// <summary>A line of JSON each way, on a port of its own.</summary>
    Jsonl,
}
