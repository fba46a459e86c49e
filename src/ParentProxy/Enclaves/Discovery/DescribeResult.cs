namespace ParentProxy.Enclaves.Discovery;

/// <summary>What one call of nitro-cli gave.</summary>
/// <param name="Enclaves">The enclaves that it told of.</param>
/// <param name="Skipped">What was wrong with entries that could not be read.</param>
/// <param name="Failure">
/// Why the call failed, or null. nitro-cli fails also when one of several enclaves
/// did not answer it, and tells of the others then.
/// </param>
internal sealed record DescribeResult(IReadOnlyList<DescribedEnclave> Enclaves, IReadOnlyList<string> Skipped, DescribeFailure? Failure)
{
    /// <summary>
    /// Whether an enclave that is not in it may be gone. nitro-cli also prints an empty list while enclaves run: when it
    /// may not talk to them, and at times beside a <c>run-enclave</c>.
    /// </summary>
    public bool IsComplete => Failure is null && Skipped.Count == 0 && Enclaves.Count > 0;

    /// <summary>A call that gave nothing.</summary>
    public static DescribeResult Failed(DescribeFailure failure) => new([], [], failure);
}
