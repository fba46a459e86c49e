using System.Globalization;
using System.Text;

namespace ParentProxy.Tests.Transparency;

/// <summary>Reads <c>tests/harness/peers</c>, where nginx and HAProxy are configured for every suite.</summary>
internal static class PeerConfiguration
{
    private const string Mark = "#:";

    /// <summary>The folder of what all suites share.</summary>
    public static string Harness { get; } = Locate();

    /// <summary>nginx's configuration.</summary>
    public static string Nginx(string use, params ReadOnlySpan<(string Name, object Value)> values) => Read("nginx.conf", use, values);

    /// <summary>HAProxy's configuration.</summary>
    public static string HAProxy(string use, params ReadOnlySpan<(string Name, object Value)> values) => Read("haproxy.cfg", use, values);

    /// <summary>The lines that are there for everybody or for this use, with the values in their places.</summary>
    private static string Read(string file, string use, ReadOnlySpan<(string Name, object Value)> values)
    {
        var text = new StringBuilder();
        foreach (var line in File.ReadLines(Path.Combine(Harness, "peers", file)).Where(line => !line.StartsWith('#')))
        {
            var mark = line.IndexOf(Mark, StringComparison.Ordinal);
            if (mark >= 0 && !line[(mark + Mark.Length)..].Split(' ').Contains(use))
                continue;
            text.Append(mark >= 0 ? line[..mark].TrimEnd() : line).Append('\n');
        }

        foreach (var (name, value) in values)
            text.Replace("{{" + name + "}}", Convert.ToString(value, CultureInfo.InvariantCulture));
        var configuration = text.ToString();
        return configuration.Contains("{{", StringComparison.Ordinal)
            ? throw new ArgumentException($"not all is filled in:\n{configuration}", nameof(values))
            : configuration;
    }

    private static string Locate()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var harness = Path.Combine(folder.FullName, "tests", "harness");
            if (Directory.Exists(harness))
                return harness;
        }

        throw new DirectoryNotFoundException("tests/harness");
    }
}
