using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>Section <c>Retry</c>.</summary>
internal sealed record RetryOptions
{
    /// <summary>How long a request waits for an enclave that can be dialled.</summary>
    public TimeSpan WaitForEnclave { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How many requests wait at most; one more is answered 503 at once.</summary>
    public int MaxWaiting { get; init; } = 1024;

    /// <summary>Reads the section.</summary>
    public static RetryOptions Read(SectionReader section)
    {
        var defaults = new RetryOptions();
        section.NotAvailable("Enabled", "MaxAttempts", "BudgetPercent", "MaxBufferedBodyBytes", "HonorIdempotencyKey");
        return new RetryOptions
        {
            WaitForEnclave = section.DurationOrZero(defaults.WaitForEnclave),
            MaxWaiting = section.Number(defaults.MaxWaiting, 0, int.MaxValue),
        };
    }
}
