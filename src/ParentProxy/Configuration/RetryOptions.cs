using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>Section <c>Retry</c>: when a request is sent again, and how long it waits for an enclave.</summary>
internal sealed record RetryOptions
{
    /// <summary>
    /// Whether a request whose bytes went out may be sent again. A request of which nothing was sent goes to another
    /// enclave in any case.
    /// </summary>
    public bool Enabled { get; init; } = true;

    /// <summary>How often a request is sent at most; attempts that came no further than the dial do not count.</summary>
    public int MaxAttempts { get; init; } = 3;

    /// <summary>How many of the recent requests may be sent again, in percent; 0 for none at all.</summary>
    public int BudgetPercent { get; init; } = 20;

    /// <summary>A body up to this size is kept until the response begins, so that it can be sent again; in bytes.</summary>
    public int MaxBufferedBodyBytes { get; init; } = 64 * 1024;

    /// <summary>Whether a POST or PATCH with an <c>Idempotency-Key</c> may be sent again like an idempotent request.</summary>
    public bool HonorIdempotencyKey { get; init; }

    /// <summary>How long a request waits for an enclave that can be dialled.</summary>
    public TimeSpan WaitForEnclave { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How many requests wait at most; one more is answered 503 at once.</summary>
    public int MaxWaiting { get; init; } = 1024;

    public static RetryOptions Read(SectionReader section)
    {
        var defaults = new RetryOptions();
        return new RetryOptions
        {
            Enabled = section.Bool(defaults.Enabled),
            MaxAttempts = section.Number(defaults.MaxAttempts, 1, 100),
            BudgetPercent = section.Number(defaults.BudgetPercent, 0, 100),
            MaxBufferedBodyBytes = section.Number(defaults.MaxBufferedBodyBytes, 0, 16 * 1024 * 1024),
            HonorIdempotencyKey = section.Bool(defaults.HonorIdempotencyKey),
            WaitForEnclave = section.DurationOrZero(defaults.WaitForEnclave),
            MaxWaiting = section.Number(defaults.MaxWaiting, 0, int.MaxValue),
        };
    }
}
