using System.Threading.RateLimiting;

namespace ParentProxy.Ingress.Limiting;

/// <summary>
/// A token bucket: so many requests in each window, and so many at once after a pause. It fills in proportion to the time that has
/// passed, whenever it is asked: with a timer, each client would wake the process in every window.
/// </summary>
#pragma warning disable CA1001 // Without a timer it holds nothing but memory, and requests may ask it when its rule is gone.
internal readonly struct RequestBucket(TokenBucketRateLimiterOptions options)
#pragma warning restore CA1001
{
    private readonly TokenBucketRateLimiter _limiter = new(options);

    /// <summary>What buckets are made by.</summary>
    /// <param name="rate">Requests in each window.</param>
    /// <param name="burst">Requests at once; null for as many.</param>
    /// <param name="window">The window.</param>
    public static TokenBucketRateLimiterOptions Options(int rate, int? burst, TimeSpan window) => new()
    {
        TokensPerPeriod = rate,
        TokenLimit = burst ?? rate,
        ReplenishmentPeriod = window,
        AutoReplenishment = false,
    };

    /// <summary>Takes the place of one request; false when there is none.</summary>
    public bool TryTake()
    {
        _limiter.TryReplenish();
        using var lease = _limiter.AttemptAcquire();
        return lease.IsAcquired;
    }

    /// <summary>Whether it is as good as a new one.</summary>
    public bool IsFull()
    {
        _limiter.TryReplenish();
        return _limiter.IdleDuration is not null;
    }
}
