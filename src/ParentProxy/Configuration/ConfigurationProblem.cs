namespace ParentProxy.Configuration;

/// <summary>One mistake in the configuration.</summary>
/// <param name="Path">The configuration path, with the environment variable beside it when the value came from there.</param>
/// <param name="Reason">What is wrong and what would be right.</param>
internal sealed record ConfigurationProblem(string Path, string Reason)
{
    /// <summary>The line that an operator reads.</summary>
    public override string ToString() => $"{Path}: {Reason}";
}
