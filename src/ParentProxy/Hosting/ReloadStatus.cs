namespace ParentProxy.Hosting;

/// <summary>How the reloads of the configuration went.</summary>
internal sealed class ReloadStatus(TimeProvider time)
{
    private readonly Lock _gate = new();
    private long _successes;
    private long _failures;

    /// <summary>Configurations that took effect, the one of the start not counted.</summary>
    public long Successes => Interlocked.Read(ref _successes);

    /// <summary>Configurations that were refused.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Whether the last reload took effect; true before the first.</summary>
    public bool LastSucceeded { get; private set; } = true;

    /// <summary>Since when the configuration in effect has been that: the last success, or the start.</summary>
    public DateTimeOffset InEffectSince { get; private set; } = time.GetUtcNow();

    /// <summary>When a reload was last refused; null when none ever was.</summary>
    public DateTimeOffset? LastRefusal { get; private set; }

    /// <summary>Notes a reload.</summary>
    public void Note(bool succeeded)
    {
        lock (_gate)
        {
            LastSucceeded = succeeded;
            if (succeeded)
                InEffectSince = time.GetUtcNow();
            else
                LastRefusal = time.GetUtcNow();
        }

        Interlocked.Increment(ref succeeded ? ref _successes : ref _failures);
    }
}
