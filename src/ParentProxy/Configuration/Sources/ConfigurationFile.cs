using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration.Sources;

/// <summary>The configuration file: which one it is, and its content.</summary>
internal static class ConfigurationFile
{
    /// <summary>The variable that names the file.</summary>
    public const string Variable = "PARENTPROXY_CONFIG";

    /// <summary>
    /// Reads the first file that is there. A file that was asked for has to be there; one that is there has to be
    /// readable: going on to the next would start with a configuration that nobody meant.
    /// </summary>
    /// <returns>The file's path, null without one; and its tree, null when it could not be read.</returns>
    public static (string? File, ConfigurationNode? Tree) Read(ConfigurationSources sources, ConfigurationReport report)
    {
        if (sources.ConfigFile is { } argument)
            return Required(argument, "--config", report);
        var variables = sources.Variables;
        if (variables[Variable] is { Length: > 0 } variable)
            return Required(variable, variables.Locate(Variable), report);

        foreach (var file in sources.CandidateFiles)
        {
            if (TryRead(file, report, out var content))
                return (file, content is null ? null : JsonTree.Read(file, content, report));
        }

        return (null, ConfigurationNode.Root([]));
    }

    private static (string? File, ConfigurationNode? Tree) Required(string file, string source, ConfigurationReport report)
    {
        if (file.Length == 0 || !TryRead(file, report, out var content))
        {
            report.Problem(source, $"there is no file {Quoted.Text(file)}");
            return (file.Length == 0 ? null : Path.GetFullPath(file), null);
        }

        // A reload reads it again, wherever the process has gone meanwhile.
        return (Path.GetFullPath(file), content is null ? null : JsonTree.Read(file, content, report));
    }

    // False: not there. A null content: there, not readable, and reported.
    private static bool TryRead(string file, ConfigurationReport report, out byte[]? content)
    {
        content = null;
        if (Directory.Exists(file))
        {
            report.Problem(file, "is a folder; name the file in it");
            return true;
        }

        try
        {
            content = File.ReadAllBytes(file);
            return true;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            report.Problem(Unreadable.Problem(file, e));
            return true;
        }
    }
}
