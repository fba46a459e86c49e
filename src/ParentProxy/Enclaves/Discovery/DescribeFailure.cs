namespace ParentProxy.Enclaves.Discovery;

/// <summary>Why a call of nitro-cli gave nothing to rely on.</summary>
/// <param name="Code">A short name: an errno, <c>exit</c>, <c>timeout</c>, <c>output</c>, <c>json</c>.</param>
/// <param name="Reason">What happened.</param>
/// <param name="Hint">What an operator can do.</param>
internal sealed record DescribeFailure(string Code, string Reason, string Hint)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Code}: {Reason}. {Hint}";
}
