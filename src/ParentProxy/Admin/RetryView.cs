using ParentProxy.Ingress.Failover;

namespace ParentProxy.Admin;

/// <summary>How often requests were tried once more, as the admin listener shows it: since the start, by reason.</summary>
/// <param name="Connect">Nothing was sent: the enclave could not be dialled, or had just left.</param>
/// <param name="Busy">Nothing was sent: all connections of the enclave were busy.</param>
/// <param name="Idle">The enclave closed an idle connection when it was used again.</param>
/// <param name="Reset">The connection ended before any byte of a response.</param>
/// <param name="Moved">The enclave left the rotation before any byte of a response.</param>
/// <param name="Denied">Would have been sent again, had the budget not been spent.</param>
internal sealed record RetryView(long Connect, long Busy, long Idle, long Reset, long Moved, long Denied)
{
    /// <summary>Shows the counts as they are now.</summary>
    public static RetryView Of(RetryCounts counts) => new(
        counts.Of(RetryReason.Connect),
        counts.Of(RetryReason.Busy),
        counts.Of(RetryReason.Idle),
        counts.Of(RetryReason.Reset),
        counts.Of(RetryReason.Moved),
        counts.Denied);
}
