using ParentProxy.Scenarios;
using ParentProxy.Scenarios.Discovery;
using ParentProxy.Scenarios.Fronts;
using ParentProxy.Scenarios.Report;
using ParentProxy.Scenarios.Scenarios;

if (args is [DiscoveryHost.Verb, var file, .. var places])
    return await DiscoveryHost.RunAsync(file, places);
if (ScenarioOptions.Parse(args) is not { } options)
{
    Console.Error.WriteLine("usage: tests/scenarios/run [--only NAME[,NAME]] [--seconds N] [--fronts ours,nginx,haproxy]");
    Console.Error.WriteLine($"scenarios: {string.Join(", ", AllScenarios.List.Select(s => s.Name))}");
    return 2;
}

const int LogLines = 30;
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};

var verdicts = new Verdicts(Console.Out);
try
{
    foreach (var scenario in options.Scenarios)
        await ShowAsync(scenario);
}
catch (OperationCanceledException)
{
    return 130;
}

verdicts.WriteSum();
return verdicts.Failed == 0 ? 0 : 1;

async Task ShowAsync(Scenario scenario)
{
    Console.WriteLine($"\n{scenario.Name}: {scenario.Title}");
    var wanted = options.Fronts.Where(kind => scenario.IsForPeers || kind == FrontKind.Ours).ToList();
    var rows = new List<Figures>();
    foreach (var kind in wanted.Where(kind => kind.IsInstalled))
    {
        try
        {
            rows.Add(await Play.RunAsync(scenario, kind, options.Seconds, stop.Token));
        }
        catch (InvalidOperationException ex)
        {
            verdicts.Add(scenario.Name, new Bar($"{kind.Name} starts", false, ex.Message));
        }
    }

    if (rows.Count > 0)
        Table.Write(rows, Console.Out);

    foreach (var row in rows.Where(row => row.Broken is not null))
        verdicts.Add(scenario.Name, new Bar($"{row.Front} plays it to the end", false, row.Broken!));
    foreach (var row in rows.Where(row => row.Unexplained > 0))
        verdicts.Add(scenario.Name, new Bar($"{row.Front}: an enclave has seen what was answered", false, $"{row.Unexplained} not"));
    foreach (var kind in wanted.Where(kind => !kind.IsInstalled))
        verdicts.Skip(scenario.Name, $"not worse than {kind.Name}", $"there is no {kind.Program}");
    if (rows.FirstOrDefault(row => row.Front == FrontKind.Ours.Name) is not { } ours)
        return;
    var bars = scenario.Bars(ours).ToList();
    foreach (var bar in bars)
        verdicts.Add(scenario.Name, bar, ours);
    if (bars.Any(bar => !bar.Passed))
        Console.WriteLine(string.Join('\n', ours.Log.TakeLast(LogLines).Select(line => "  log: " + line)));
    foreach (var peer in rows.Where(row => row != ours))
    {
        foreach (var measure in scenario.Compared)
            verdicts.Add(scenario.Name, measure.Compare(ours, peer), ours, peer);
    }
}
