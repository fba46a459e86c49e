namespace ParentProxy.Configuration.Sources;

/// <summary>Variables by their exact names: those of a process, and those of a file that it does not have itself.</summary>
internal sealed class EnvironmentVariables
{
    private readonly Dictionary<string, string> _all;
    private readonly IReadOnlyDictionary<string, string> _process;
    private readonly EnvironmentFile? _file;

    /// <summary>Puts both together; the process wins.</summary>
    public EnvironmentVariables(IReadOnlyDictionary<string, string> process, EnvironmentFile? file)
    {
        _process = process;
        _file = file;
        _all = file is null ? process.ToDictionary() : file.Variables.ToDictionary();
        foreach (var (name, value) in process)
            _all[name] = value;
    }

    /// <summary>All of them. An environment has no order: sorted, the same one always gives the same result.</summary>
    public IEnumerable<KeyValuePair<string, string>> Sorted => _all.OrderBy(pair => pair.Key, StringComparer.Ordinal);

    /// <summary>The value of one; null when it is not set.</summary>
    public string? this[string name] => _all.GetValueOrDefault(name);

    /// <summary>The file that sets it; null for one of the process.</summary>
    public string? FileOf(string name) => _process.ContainsKey(name) ? null : _file?.Path;

    /// <summary>The name, with the file that sets it.</summary>
    public string Locate(string name) => FileOf(name) is { } file ? $"{name} in {file}" : name;
}
