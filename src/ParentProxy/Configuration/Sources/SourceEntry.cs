namespace ParentProxy.Configuration.Sources;

/// <summary>A value of a source that is a list of paths: environment or command line.</summary>
/// <param name="Path">The path's segments, never empty.</param>
/// <param name="Value">The value.</param>
/// <param name="Origin">Where it was written.</param>
internal sealed record SourceEntry(IReadOnlyList<string> Path, string Value, ConfigurationOrigin Origin);
