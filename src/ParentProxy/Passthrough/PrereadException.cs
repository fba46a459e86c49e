namespace ParentProxy.Passthrough;

/// <summary>What a client sent first does not let its connection go on.</summary>
/// <param name="reason">What it is counted as.</param>
/// <param name="detail">What was wrong, for the log.</param>
internal sealed class PrereadException(PassthroughRefusal reason, string detail) : Exception(detail)
{
    /// <summary>What it is counted as.</summary>
    public PassthroughRefusal Reason => reason;
}
