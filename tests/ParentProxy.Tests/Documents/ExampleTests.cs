using System.Reflection;
using ParentProxy.Commands;
using ParentProxy.Configuration;
using ParentProxy.Tests.Configuration;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Documents;

/// <summary>What a reader copies out of a document is accepted.</summary>
public sealed class ExampleTests
{
    private const string Refusal = "parent-proxy: the configuration (";

    private static readonly string[] Enclave = ["PARENTPROXY_ENCLAVE_0_CID=16", "PARENTPROXY_ENCLAVE_0_PORT=6300"];

    public static TheoryData<string> Configurations => [.. Blocks("json", "jsonc").Select(block => block.ToString())];

    public static TheoryData<string> Commands => [.. Blocks("sh", "console").Select(block => block.ToString())];

    /// <summary>Each is a whole configuration file: who copies it needs nothing beside it.</summary>
    [Theory]
    [MemberData(nameof(Configurations))]
    public void Configuration_IsAccepted(string place)
    {
        // The files of an installed proxy, which this machine need not have.
        using var certificate = new TestCertificate();
        using var logs = new TemporaryDirectory();
        var measurements = logs.File("build.json");
        File.WriteAllText(measurements, $$$"""{"Measurements":{"PCR0":"{{{new string('a', 96)}}}"}}""");
        var text = Block(place).Text;
        if (text.Contains("\"Enclave\":", StringComparison.Ordinal))
        {
            AssertAcceptedInside(text);
            return;
        }

        var result = TestConfiguration.Load(text
            .Replace("/etc/parent-proxy/cert.pem", certificate.Path, StringComparison.Ordinal)
            .Replace("/etc/parent-proxy/key.pem", certificate.KeyPath, StringComparison.Ordinal)
            .Replace("/etc/parent-proxy/clients.pem", certificate.Path, StringComparison.Ordinal)
            .Replace("/etc/parent-proxy/build.json", measurements, StringComparison.Ordinal)
            .Replace("/var/log/parent-proxy", logs.Root, StringComparison.Ordinal));

        Assert.Equal([], result.Problems.Concat(result.Warnings).Select(problem => problem.ToString()));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task CommandsOfOurs_AreAccepted(string place)
    {
        foreach (var (typed, output) in Block(place).Dialogue())
        {
            foreach (var command in ShellCommand.In(typed))
            {
                if (command.Words.Count == 0)
                {
                    // A line of an environment file.
                    Assert.Equal([], Problems(command.Variables));
                }
                else if (command.ProxyArguments is { } arguments)
                {
                    // It shall not start to serve: a setting that is not known ends it, once the arguments were understood.
                    var expected = arguments.Any(argument => argument is "check" or "doctor" or "enclaves" or "ping" or "attest")
                        ? ExitCode.Failed
                        : ExitCode.Configuration;
                    var own = arguments.TakeWhile(argument => argument != "--").ToList();
                    Assert.Equal(expected, await CommandLine.InvokeAsync([.. own, "--None:Such=1", .. arguments.Skip(own.Count)]));
                    var isRefused = output.Count > 0 && output[0].StartsWith(Refusal, StringComparison.Ordinal);
                    var settings = arguments.Where(
                        argument => argument.StartsWith("--", StringComparison.Ordinal) && argument.Contains(':', StringComparison.Ordinal));
                    var problems = Problems([.. command.Variables, .. settings]);
                    Assert.Equal(isRefused ? output.Skip(1) : [], problems.Select(problem => $"  {problem}"));
                }
            }
        }
    }

    private static void AssertAcceptedInside(string json)
    {
        using var folder = new TemporaryDirectory();
        var file = Path.Combine(folder.Root, "enclave.json");
        File.WriteAllText(file, json);
        var result = ConfigurationLoader.LoadInside(TestConfiguration.Sources() with { ConfigFile = file });

        Assert.Equal([], result.Problems.Concat(result.Warnings).Select(problem => problem.ToString()));
    }

    /// <summary>A filter that finds nothing is a success for dotnet test.</summary>
    [Fact]
    public void FiltersOfTests_FindSome()
    {
        const string prefix = "FullyQualifiedName~";
        var tests = typeof(ExampleTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods())
            .Where(method => method.GetCustomAttribute<FactAttribute>() is not null)
            .Select(method => $"{method.DeclaringType!.FullName}.{method.Name}")
            .ToList();
        var filters = Repository.Documents.SelectMany(document => document.Blocks.Select(block => block.Text).Concat(document.Code))
            .SelectMany(text => text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries))
            .Where(word => word.StartsWith(prefix, StringComparison.Ordinal)).Select(word => word[prefix.Length..]).ToList();

        Assert.NotEmpty(filters);
        Assert.Equal([], filters.Where(filter => !tests.Exists(test => test.Contains(filter, StringComparison.Ordinal))));
    }

    [Fact]
    public void ShellCommand_OfALine_HasVariablesAndWords()
    {
        var commands = ShellCommand.In("A=1 B='2 3' parent-proxy --X:Y=\"z w\" a#b && echo 'x | y' # && parent-proxy").ToList();

        Assert.Equal(["A=1", "B=2 3"], commands[0].Variables);
        Assert.Equal(["--X:Y=z w", "a#b"], commands[0].ProxyArguments);
        Assert.Equal(["echo", "x | y"], commands[1].Words);
        Assert.Equal(2, commands.Count);
    }

    private static IEnumerable<CodeBlock> Blocks(params string[] languages) => Repository.Documents
        .Where(document => !document.Path.StartsWith("tests/", StringComparison.Ordinal))
        .SelectMany(document => document.Blocks)
        .Where(block => languages.Contains(block.Language));

    private static CodeBlock Block(string place) =>
        Repository.Documents.SelectMany(document => document.Blocks).Single(block => block.ToString() == place);

    // There is an enclave beside them, unless they name one.
    private static IEnumerable<string> Problems(IReadOnlyList<string> settings)
    {
        var names = settings.Select(setting => setting.Split('=')[0]).ToHashSet();
        var others = Enclave.Where(setting => !names.Contains(setting.Split('=')[0]));
        return TestConfiguration.Load(null, [.. others, .. settings]).Problems.Select(problem => problem.ToString());
    }
}
