using System.Text;
using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration.Sources;

/// <summary>A file of variables, as the <c>EnvironmentFile=</c> of a unit of systemd names it.</summary>
internal sealed record EnvironmentFile
{
    private static readonly Encoding Strict = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Absolute, as it is shown to an operator.</summary>
    public required string Path { get; init; }

    /// <summary>What is set there.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Why nothing of it counts; null when it does.</summary>
    public ConfigurationProblem? Problem { get; init; }

    /// <summary>Lines that do not count.</summary>
    public IReadOnlyList<ConfigurationProblem> Warnings { get; init; } = [];

    /// <summary>Reads the file; null when there is none. Never throws.</summary>
    public static EnvironmentFile? Find(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        if (Directory.Exists(full))
            return Failed(full, new ConfigurationProblem(full, "is a folder; name the file in it"));
        try
        {
            var text = Strict.GetString(File.ReadAllBytes(full));
            return text.Contains('\0', StringComparison.Ordinal) ? NoText(full) : Of(full, EnvironmentText.Read(text));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (DecoderFallbackException)
        {
            return NoText(full);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return Failed(full, Unreadable.Problem(full, e));
        }
    }

    /// <summary>Reads a file that has to be there. Never throws.</summary>
    public static EnvironmentFile Require(string path) =>
        path.Length == 0 || path.Contains('\0', StringComparison.Ordinal)
            ? Failed(path, new ConfigurationProblem("--environment-file", "names no file"))
            : Find(path) ?? Failed(path, new ConfigurationProblem("--environment-file", $"there is no file {Quoted.Text(path)} (ENOENT)"));

    private static EnvironmentFile Of(string path, EnvironmentText text) => new()
    {
        Path = path,
        Variables = text.Variables,
        Warnings = [.. text.Ignored.Select(line => new ConfigurationProblem($"{path}:{line.Line}", line.Reason))],
    };

    private static EnvironmentFile NoText(string path) =>
        Failed(path, new ConfigurationProblem(path, "is no text in UTF-8: systemd ignores the whole file"));

    private static EnvironmentFile Failed(string path, ConfigurationProblem problem) => new() { Path = path, Problem = problem };
}
