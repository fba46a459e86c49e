namespace ParentProxy.Configuration;

/// <summary>What reading the configuration gave.</summary>
internal sealed record ConfigurationResult
{
    /// <summary>The validated configuration; null when there are <see cref="Problems"/>.</summary>
    public ProxyOptions? Options { get; init; }

    /// <summary>Every mistake that was found.</summary>
    public IReadOnlyList<ConfigurationProblem> Problems { get; init; } = [];

    /// <summary>What is allowed but likely not meant.</summary>
    public IReadOnlyList<ConfigurationProblem> Warnings { get; init; } = [];

    /// <summary>The file that was read, or null when there is none.</summary>
    public string? File { get; init; }
}
