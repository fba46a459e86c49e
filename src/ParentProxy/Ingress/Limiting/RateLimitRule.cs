using ParentProxy.Configuration;

namespace ParentProxy.Ingress.Limiting;

/// <summary>A rule in effect, with what its clients have used of it.</summary>
internal sealed class RateLimitRule : IDisposable
{
    private readonly ClientBuckets? _clients;
    private readonly RequestBucket? _total;

    /// <summary>A rule of which nobody has used anything.</summary>
    /// <param name="options">The rule.</param>
    /// <param name="counts">Where refused requests are counted, which may be those of a rule before it.</param>
    /// <param name="time">The clock.</param>
    public RateLimitRule(RateLimitOptions options, RateLimitCounts counts, TimeProvider time)
    {
        Options = options;
        Counts = counts;
        if (options.PerClient is { } perClient)
            _clients = new ClientBuckets(RequestBucket.Options(perClient, options.PerClientBurst, options.Window), time);
        if (options.Total is { } total)
            _total = new RequestBucket(RequestBucket.Options(total, options.TotalBurst, options.Window));
    }

    /// <summary>The rule as it is configured.</summary>
    public RateLimitOptions Options { get; }

    /// <summary>How many requests it has refused, and rules for its path before it.</summary>
    public RateLimitCounts Counts { get; }

    /// <summary>
    /// Lets a request through, or says over whose limit it is. A client over its own takes nothing of what there is for all.
    /// </summary>
    /// <param name="client">The client's address.</param>
    /// <returns>The limit; null for none.</returns>
    public RateLimitScope? Exceeded(string? client)
    {
        if (_clients?.TryTake(ClientNetwork.Of(client)) == false)
            return RateLimitScope.Client;
        return _total?.TryTake() == false ? RateLimitScope.Total : null;
    }

    /// <summary>How many requests a window has room for.</summary>
    public int Rate(RateLimitScope scope) => (scope == RateLimitScope.Client ? Options.PerClient : Options.Total) ?? int.MaxValue;

    /// <summary>In how many whole seconds there is room for another request, if nobody else takes it.</summary>
    public int RetryAfter(RateLimitScope scope) => (int)Math.Max(Math.Ceiling(Options.Window.TotalSeconds / Rate(scope)), 1);

    /// <inheritdoc/>
    public void Dispose() => _clients?.Dispose();
}
