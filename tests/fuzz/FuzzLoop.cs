using System.Globalization;

namespace ParentProxy.Fuzz;

/// <summary>Makes cases and runs them, until the time is over or something is found.</summary>
internal static class FuzzLoop
{
    /// <summary>Runs them; returns the exit status.</summary>
    /// <param name="options">For how long, or which case.</param>
    /// <param name="source">Of the cases.</param>
    /// <param name="targets">Each runs every case.</param>
    public static int Run<TCase>(FuzzOptions options, ICaseSource<TCase> source, IFuzzTarget<TCase>[] targets)
        where TCase : IFuzzCase
    {
        var figures = targets.Select(_ => new Figures()).ToArray();
        using var watchdog = new Watchdog(options.Seed);
        var until = TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(options.Minutes);
        for (var number = options.Replay ?? 0;
            options.Replay is { } replay ? number == replay : TimeProvider.System.GetUtcNow() < until;
            number++)
        {
            var fuzzCase = source.Make(number);
            if (options.Replay is not null)
                Console.WriteLine(fuzzCase.Describe());
            foreach (var (target, counts) in targets.Zip(figures))
            {
                watchdog.Begin(target.Name, fuzzCase);
                try
                {
                    counts.Count(target, fuzzCase);
                }
                catch (Exception ex)
                {
                    Watchdog.Report(options.Seed, target.Name, fuzzCase, ex is FindingException ? ex.Message : ex.ToString());
                    return 1;
                }

                watchdog.End();
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {options.Seed}, nothing found"));
        foreach (var (target, counts) in targets.Zip(figures))
            counts.Write(target.Name, Console.Out);
        return 0;
    }
}
