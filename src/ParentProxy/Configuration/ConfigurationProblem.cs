using System.Text.Json.Serialization;

namespace ParentProxy.Configuration;

/// <summary>One mistake in the configuration.</summary>
/// <param name="Path">The configuration path, with the environment variable beside it when the value came from there.</param>
/// <param name="Reason">What is wrong and what would be right.</param>
internal sealed record ConfigurationProblem(string Path, string Reason)
{
    /// <summary>Whether it is that this user may not read a file: what it holds may well be right.</summary>
    [JsonIgnore]
    public bool IsForbidden { get; init; }

    /// <summary>The line that an operator reads.</summary>
    public override string ToString() => $"{Path}: {Reason}";
}
