namespace ParentProxy.Enclaves.Discovery;

/// <summary>What discovery knows of an enclave: what was last told of it, and what the rules say to that.</summary>
/// <param name="Described">What was last told of it.</param>
/// <param name="Id">Its id, which outlives restarts; null when it is refused.</param>
/// <param name="Refusal">Why it gets no traffic; null when it may.</param>
/// <param name="IsForeign">Whether it is refused for its name alone: then it is none of our business.</param>
/// <param name="IsMissing">Whether the last output that can be relied on did not tell of it.</param>
internal sealed record KnownEnclave(
    DescribedEnclave Described, string? Id, string? Refusal = null, bool IsForeign = false, bool IsMissing = false)
{
    /// <summary>Whether it may get traffic.</summary>
    public bool IsAccepted => Refusal is null;
}
