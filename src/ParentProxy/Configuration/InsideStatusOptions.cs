namespace ParentProxy.Configuration;

/// <summary>Section <c>Enclave:Status</c>: <c>/health</c> and <c>/metrics</c> for the parent.</summary>
internal sealed record InsideStatusOptions
{
    /// <summary>Where the parent asks, as a rule <c>vsock://any:9101</c>.</summary>
    public required InsideAddress Listen { get; init; }
}
