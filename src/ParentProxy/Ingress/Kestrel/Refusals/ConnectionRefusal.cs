namespace ParentProxy.Ingress.Kestrel.Refusals;

/// <summary>Why a connection was closed for how it begins: with the wrong header of the PROXY protocol, or with none.</summary>
internal enum ConnectionRefusal
{
    /// <summary>A header is required, and the peer is in none of the networks from which one is believed.</summary>
    Untrusted,

    /// <summary>A header is required, and something else came.</summary>
    Missing,

    /// <summary>A header began and was not valid, or was never finished.</summary>
    Malformed,

    /// <summary>No whole header came in time.</summary>
    Timeout,
}
