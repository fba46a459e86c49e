namespace ParentProxy.Configuration.Reading;

/// <summary>Collects what reading finds, so that an operator sees every mistake at once.</summary>
internal sealed class ConfigurationReport
{
    private readonly List<ConfigurationProblem> _problems = [];
    private readonly List<ConfigurationProblem> _warnings = [];

    /// <summary>Every mistake so far.</summary>
    public IReadOnlyList<ConfigurationProblem> Problems => _problems;

    /// <summary>What is allowed but likely not meant.</summary>
    public IReadOnlyList<ConfigurationProblem> Warnings => _warnings;

    /// <summary>Every key that the schema asked for, as path with <c>*</c> for entries and without positions of lists.</summary>
    public SortedSet<string> Keys { get; } = new(StringComparer.Ordinal);

    /// <summary>Adds a mistake, at the location to be shown; the configuration will be refused.</summary>
    public void Problem(string path, string reason) => Problem(new ConfigurationProblem(path, reason));

    /// <summary>Adds a mistake; the configuration will be refused.</summary>
    public void Problem(ConfigurationProblem problem) => _problems.Add(problem);

    /// <summary>Adds what is likely not meant; the configuration is accepted nevertheless.</summary>
    public void Warning(string path, string reason) => Warning(new ConfigurationProblem(path, reason));

    /// <summary>Adds what is likely not meant; the configuration is accepted nevertheless.</summary>
    public void Warning(ConfigurationProblem problem) => _warnings.Add(problem);
}
