namespace ParentProxy.Configuration;

/// <summary>Section <c>Retry</c>.</summary>
internal sealed record RetryOptions
{
    /// <summary>How long a request waits for an enclave that can be dialled.</summary>
    public TimeSpan WaitForEnclave { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How many requests wait at most; one more is answered 503 at once.</summary>
    public int MaxWaiting { get; init; } = 1024;
}
