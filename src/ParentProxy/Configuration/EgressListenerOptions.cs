namespace ParentProxy.Configuration;

/// <summary>What every listener of egress has.</summary>
internal abstract record EgressListenerOptions
{
    /// <summary>Where enclaves connect; of all entries each once.</summary>
    public required EgressAddress Listen { get; init; }

    /// <summary>Who connects to a unix socket; null on vsock, where the kernel tells.</summary>
    public EgressPeerOptions? Peer { get; init; }
}
