using System.Globalization;
using ParentProxy.Fuzz;

if (FuzzOptions.Parse(args) is not { } options)
{
    Console.Error.WriteLine("usage: tests/fuzz/run [--minutes N] [--seed S] [--replay CASE]");
    return 2;
}

// Each runs every case.
IFuzzTarget[] targets = [new ParserTarget(), new ConnectionTarget()];

var source = new CaseSource(options.Seed);
var figures = targets.Select(_ => new Figures()).ToArray();
using var watchdog = new Watchdog(options.Seed);
var until = TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(options.Minutes);
for (var number = options.Replay ?? 0; options.Replay is { } replay ? number == replay : TimeProvider.System.GetUtcNow() < until; number++)
{
    var fuzzCase = source.Make(number);
    if (options.Replay is not null)
        Console.WriteLine(fuzzCase.Describe());
    foreach (var (target, counts) in targets.Zip(figures))
    {
        watchdog.Begin(target, fuzzCase);
        try
        {
            counts.Count(target, fuzzCase);
        }
        catch (Exception ex)
        {
            Watchdog.Report(options.Seed, target, fuzzCase, ex is FindingException ? ex.Message : ex.ToString());
            return 1;
        }

        watchdog.End();
    }
}

Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {options.Seed}, nothing found"));
foreach (var (target, counts) in targets.Zip(figures))
    counts.Write(target.Name, Console.Out);
return 0;
