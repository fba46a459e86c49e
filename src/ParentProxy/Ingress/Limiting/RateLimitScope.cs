namespace ParentProxy.Ingress.Limiting;

/// <summary>Whose limit a request is over.</summary>
internal enum RateLimitScope
{
    /// <summary>That of its client.</summary>
    Client,

    /// <summary>That of all clients together.</summary>
    Total,
}
