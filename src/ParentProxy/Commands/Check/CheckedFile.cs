using ParentProxy.Commands.Listeners;
using ParentProxy.Configuration;

namespace ParentProxy.Commands.Check;

/// <summary>One configuration that was judged.</summary>
/// <param name="Loaded">What reading it gave, with what only a start would find.</param>
/// <param name="Places">How it stands with the places where it has the proxy listen; none of one with mistakes.</param>
/// <param name="Unread">The service's file of variables where it was left out: the configuration is another one; null otherwise.</param>
internal sealed record CheckedFile(ConfigurationResult<ProxyOptions> Loaded, IReadOnlyList<PlaceReport> Places, string? Unread)
{
    /// <summary>Whether there is no mistake in it.</summary>
    public bool IsGood => Loaded.Problems.Count == 0;

    /// <summary>What may keep it from working on this machine as it is now, and is no mistake.</summary>
    public IEnumerable<ConfigurationProblem> Warnings => Loaded.Warnings.Concat(Places
        .Where(report => report.State is not (PlaceState.Free or PlaceState.Ours))
        .Select(report => new ConfigurationProblem(
            $"{report.Place.Setting} ({report.Place.Text})", $"{report.Summary}: {report.Remedy}".TrimEnd(':', ' '))));
}
