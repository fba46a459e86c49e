namespace ParentProxy.Fuzz;

/// <summary>Ends the program when a case does not end.</summary>
internal sealed class Watchdog : IDisposable
{
    private static readonly TimeSpan LongestCase = TimeSpan.FromSeconds(20);

    private readonly int _seed;
    private readonly Timer _timer;
    private volatile Running? _running;

    /// <summary>Begins to watch.</summary>
    public Watchdog(int seed)
    {
        _seed = seed;
        _timer = new Timer(_ => Check(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    /// <summary>Writes a finding.</summary>
    public static void Report(int seed, string target, IFuzzCase fuzzCase, string what)
    {
        Console.WriteLine($"FOUND by seed {seed} in {target}: {what}");
        Console.WriteLine(fuzzCase.Describe());
    }

    /// <summary>A case begins.</summary>
    public void Begin(string target, IFuzzCase fuzzCase) =>
        _running = new Running(target, fuzzCase, TimeProvider.System.GetTimestamp());

    /// <summary>It has ended.</summary>
    public void End() => _running = null;

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Check()
    {
        if (_running is not { } running || TimeProvider.System.GetElapsedTime(running.Since) < LongestCase)
            return;
        Report(_seed, running.Target, running.FuzzCase, $"no end within {LongestCase}");
        Environment.Exit(1);
    }

    private sealed record Running(string Target, IFuzzCase FuzzCase, long Since);
}
