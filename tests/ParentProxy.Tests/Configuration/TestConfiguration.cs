using ParentProxy.Configuration;

namespace ParentProxy.Tests.Configuration;

/// <summary>Loads configurations that a test writes down, and nothing of the machine's own.</summary>
internal static class TestConfiguration
{
    /// <summary>Something to forward to, for tests of everything else.</summary>
    public const string OneEnclave = """ "Enclaves": [ { "Cid": 16, "Port": 6300 } ] """;

    /// <summary>Loads a file's content, variables written <c>NAME=value</c>, and arguments written <c>--Section:Key=value</c>.</summary>
    public static ConfigurationResult<ProxyOptions> Load(string? json, params string[] settings)
    {
        var file = json is null ? null : Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.json");
        if (file is not null)
            File.WriteAllText(file, json);
        try
        {
            return ConfigurationLoader.Load(Sources(settings) with { ConfigFile = file });
        }
        finally
        {
            if (file is not null)
                File.Delete(file);
        }
    }

    /// <summary>Sources without a file.</summary>
    public static ConfigurationSources Sources(params string[] settings) => new()
    {
        SystemFile = "/nonexistent/system.json",
        ShippedFile = "/nonexistent/shipped.json",
        Environment = Split(settings.Where(setting => !setting.StartsWith("--", StringComparison.Ordinal))).ToDictionary(),
        CommandLine =
            [.. Split(settings.Where(setting => setting.StartsWith("--", StringComparison.Ordinal)).Select(setting => setting[2..]))],
    };

    /// <summary>Loads what has to be right.</summary>
    public static ProxyOptions Accept(string? json, params string[] settings)
    {
        var result = Load(json, settings);
        Assert.Empty(result.Problems);
        return result.Options!;
    }

    /// <summary>Loads what has to be wrong; returns the problems as an operator reads them.</summary>
    public static string[] Refuse(string? json, params string[] settings)
    {
        var result = Load(json, settings);
        Assert.NotEmpty(result.Problems);
        Assert.Null(result.Options);
        return [.. result.Problems.Select(problem => problem.ToString())];
    }

    /// <summary>A file of one enclave and these sections.</summary>
    public static string WithEnclave(string sections) => $"{{ {OneEnclave}, {sections} }}";

    private static IEnumerable<KeyValuePair<string, string>> Split(IEnumerable<string> settings) =>
        settings.Select(setting => setting.Split('=', 2)).Select(pair => KeyValuePair.Create(pair[0], pair[1]));
}
