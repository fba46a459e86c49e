using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using ParentProxy.Commands;
using ParentProxy.Tests.Hosting;

namespace ParentProxy.Tests.Documents;

/// <summary>parent-proxy(8) has every command and option that <c>--help</c> lists, no other, and every exit code.</summary>
public sealed partial class ManPageTests
{
    private static readonly ManPage Page = new(File.ReadAllText(Repository.FullPath("deploy/package/parent-proxy.8")));

    [Fact]
    public async Task Commands_AreThoseOfTheHelp()
    {
        var help = await HelpAsync();

        Assert.Equal(NamesIn(help, "Commands:"), Page.Heads("COMMANDS"));
    }

    [Fact]
    public async Task Options_AreThoseOfTheHelp()
    {
        var help = await HelpAsync();
        var common = NamesIn(help, "Options:").Order(StringComparer.Ordinal).ToList();
        Assert.Equal(common, OptionsBelow("OPTIONS"));

        foreach (var command in NamesIn(help, "Commands:"))
        {
            var own = NamesIn(await HelpAsync(command), "Options:").Except(common).Order(StringComparer.Ordinal);
            Assert.Equal((command, string.Join(' ', own)), (command, string.Join(' ', OptionsBelow($"parent-proxy {command}"))));
        }
    }

    [Fact]
    public void ExitCodes_AreAllNamed()
    {
        var codes = typeof(ExitCode).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => Convert.ToString(field.GetRawConstantValue(), CultureInfo.InvariantCulture));

        Assert.Equal(codes, Page.Heads("EXIT STATUS"));
    }

    private static IEnumerable<string> OptionsBelow(string heading) => Page.Heads(heading)
        .Where(head => Name().IsMatch($"  {head}") && head.StartsWith('-'))
        .Select(head => head.Split(' ', '[')[0])
        .Order(StringComparer.Ordinal);

    private static async Task<string> HelpAsync(params string[] command)
    {
        await using var process = ProxyProcess.Start(new ProxyStart(), [.. command, "--help"]);
        Assert.Equal(ExitCode.Ok, await process.ExitAsync());
        return process.Out.ToString();
    }

    /// <summary>The names in the list below a heading of the help; of an option the long one.</summary>
    private static List<string> NamesIn(string help, string heading) =>
    [
        .. help.Split('\n')
            .SkipWhile(line => line.Trim() != heading)
            .Skip(1)
            .TakeWhile(line => line.StartsWith(' '))
            .Select(line => Name().Match(line).Value)
            .Where(name => name.Length > 0),
    ];

    [GeneratedRegex(@"(?<=^  (-\S+, )*)(--)?[a-z][\w-]*")]
    private static partial Regex Name();
}
