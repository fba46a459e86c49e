namespace ParentProxy.Scenarios.Enclaves;

/// <summary>A request that came to an enclave: an attempt of the front.</summary>
/// <param name="Enclave">The enclave's name.</param>
/// <param name="Id">The request's own.</param>
/// <param name="IsPost">POST, else GET.</param>
/// <param name="IsWhole">Whether it was read to its end; else some of it had come when the enclave died.</param>
/// <param name="At">When.</param>
internal sealed record Arrival(string Enclave, string Id, bool IsPost, bool IsWhole, TimeSpan At);
