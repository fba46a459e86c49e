using ParentProxy.Configuration;

namespace ParentProxy.Hosting;

/// <summary>Where the configuration in effect comes from, and how its reloads went.</summary>
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

    /// <summary>Why it was refused.</summary>
    public IReadOnlyList<string> Problems { get; private set; } = [];

    /// <summary>The file that the configuration in effect was read from; null when there was none.</summary>
    public string? File { get; private set; }

    /// <summary>What is allowed in it but likely not meant.</summary>
    public IReadOnlyList<ConfigurationProblem> Warnings { get; private set; } = [];

    /// <summary>The paths at which it differs from what runs until the next start.</summary>
    public IReadOnlyList<string> NeedRestart { get; private set; } = [];

    /// <summary>Notes what the program started with.</summary>
    public void Started(ConfigurationResult<ProxyOptions> loaded)
    {
        lock (_gate)
            (File, Warnings) = (loaded.File, loaded.Warnings);
    }

    /// <summary>Notes a reload that took effect.</summary>
    public void Succeeded(ConfigurationResult<ProxyOptions> loaded, IReadOnlyList<string> needRestart)
    {
        lock (_gate)
        {
            LastSucceeded = true;
            InEffectSince = time.GetUtcNow();
            (File, Warnings, NeedRestart) = (loaded.File, loaded.Warnings, needRestart);
        }

        Interlocked.Increment(ref _successes);
    }

    /// <summary>Notes a reload that changed nothing.</summary>
    public void Refused(IReadOnlyList<string> problems)
    {
        lock (_gate)
        {
            LastSucceeded = false;
            LastRefusal = time.GetUtcNow();
            Problems = problems;
        }

        Interlocked.Increment(ref _failures);
    }
}
