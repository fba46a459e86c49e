using System.Globalization;
using ParentProxy.Scenarios.Fronts;
using ParentProxy.Scenarios.Scenarios;

namespace ParentProxy.Scenarios;

/// <summary>What the command line asks for.</summary>
/// <param name="Scenarios">What to play.</param>
/// <param name="Seconds">How long each load is to last at least; null for no longer than each needs.</param>
/// <param name="Fronts">With whom.</param>
internal sealed record ScenarioOptions(IReadOnlyList<Scenario> Scenarios, TimeSpan? Seconds, IReadOnlyList<FrontKind> Fronts)
{
    /// <summary>Reads pairs of a name and a value; null when there is anything else.</summary>
    public static ScenarioOptions? Parse(ReadOnlySpan<string> arguments)
    {
        var options = new ScenarioOptions(AllScenarios.List, null, FrontKind.All);
        for (; arguments.Length >= 2; arguments = arguments[2..])
        {
            var value = arguments[1];
            var names = value.Split(',');
            if (arguments[0] == "--only")
                options = options with { Scenarios = [.. AllScenarios.List.Where(s => names.Any(n => IsMeant(s, n)))] };
            else if (arguments[0] == "--seconds" && double.TryParse(value, CultureInfo.InvariantCulture, out var seconds))
                options = options with { Seconds = TimeSpan.FromSeconds(seconds) };
            else if (arguments[0] == "--fronts")
                options = options with { Fronts = [.. FrontKind.All.Where(f => names.Contains(f.Name))] };
            else
                return null;
        }

        return arguments.IsEmpty && options.Scenarios.Count > 0 && options.Fronts.Count > 0 ? options : null;
    }

    /// <summary>By its name or by the first word of it.</summary>
    private static bool IsMeant(Scenario scenario, string name) =>
        scenario.Name == name || scenario.Name.StartsWith(name + "-", StringComparison.Ordinal);
}
