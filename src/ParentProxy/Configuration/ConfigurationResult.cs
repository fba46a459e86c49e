using ParentProxy.Configuration.Sources;

namespace ParentProxy.Configuration;

/// <summary>What reading the configuration gave.</summary>
/// <typeparam name="TOptions">What was read.</typeparam>
internal sealed record ConfigurationResult<TOptions>
    where TOptions : class
{
    /// <summary>The validated configuration; null when there are <see cref="Problems"/>.</summary>
    public TOptions? Options { get; init; }

    /// <summary>Every mistake that was found.</summary>
    public IReadOnlyList<ConfigurationProblem> Problems { get; init; } = [];

    /// <summary>What is allowed but likely not meant.</summary>
    public IReadOnlyList<ConfigurationProblem> Warnings { get; init; } = [];

    /// <summary>What was written, all sources merged, which tells where a value comes from.</summary>
    public ConfigurationNode? Tree { get; init; }

    /// <summary>The file that was read, or null when there is none.</summary>
    public string? File { get; init; }

    /// <summary>The file of variables that was read beside it, or null when there is none.</summary>
    public string? EnvironmentFile { get; init; }

    /// <summary>What was read, as an operator is told of it; null for defaults and the variables of the process alone.</summary>
    public string? Files => File is null || EnvironmentFile is null ? File ?? EnvironmentFile : $"{File} and {EnvironmentFile}";

    /// <summary>Whether all that is wrong is that this user may not read it.</summary>
    public bool IsForbidden => Problems.Count > 0 && Problems.All(problem => problem.IsForbidden);
}
