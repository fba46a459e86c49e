namespace ParentProxy.Ingress.Failover;

/// <summary>An attempt that another one followed.</summary>
/// <param name="Reason">Why another one.</param>
/// <param name="Enclave">Which enclave it was.</param>
/// <param name="Code">The errno by name, or a word for what is none.</param>
/// <param name="Times">How often in a row.</param>
internal sealed record FailedAttempt(RetryReason Reason, string Enclave, string Code, int Times)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"{Reason.ToString().ToLowerInvariant()}: {Enclave}: {Code}{(Times > 1 ? FormattableString.Invariant($" ({Times} times)") : "")}";
}
