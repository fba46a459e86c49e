using ParentProxy.Runtime;
using ParentProxy.Tests.Hosting;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Commands;

/// <summary>What the program does with its arguments when it does not come to serving.</summary>
public sealed class CommandLineTests
{
    [Fact]
    public async Task Version_IsPrinted()
    {
        await using var process = ProxyProcess.Start(new ProxyStart(), "--version");

        Assert.Equal(0, await process.ExitAsync());
        Assert.StartsWith(ProgramVersion.Text, Assert.Single(process.Out.All), StringComparison.Ordinal);
        Assert.Empty(process.Error.All);
    }

    [Fact]
    public async Task Help_NamesCommandsAndOptions()
    {
        await using var process = ProxyProcess.Start(new ProxyStart(), "--help");

        Assert.Equal(0, await process.ExitAsync());
        Assert.All(
            ["run", "demo", "--config", "--version", "--Section:Key=value"],
            word => Assert.Contains(word, process.Out.ToString(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("serve", "serve")]
    [InlineData("--bogus", "--bogus")]
    [InlineData("16", "run", "--Enclaves:0:Cid", "16")]
    [InlineData("--config", "--config")]
    [InlineData("'--restrat' is no option of enclave; did you mean --restart?", "enclave", "--restrat", "always", "--", "/bin/true")]
    [InlineData("'/bin/true' is no option: the application comes after --", "enclave", "--ingress", "6300", "/bin/true")]
    [InlineData("'--bogus' is no option of attest", "attest", "--bogus")]
    [InlineData("'--allow-debg' is no option of attest; did you mean --allow-debug?", "attest", "--allow-debg")]
    [InlineData("--nonce and --nonce-hex are the same thing", "attest", "--nonce", "a", "--nonce-hex", "61")]
    [InlineData("Try 'parent-proxy enclave --help'", "enclave", "--ingress", "6300", "/bin/true")]
    public async Task WrongUsage_Is2WithAHelpfulLine(string named, params string[] arguments)
    {
        await using var process = ProxyProcess.Start(new ProxyStart(), arguments);

        Assert.Equal(2, await process.ExitAsync());
        Assert.StartsWith("parent-proxy: ", process.Error.All[0], StringComparison.Ordinal);
        Assert.Contains(named, process.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("--help", process.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(process.Out.All);
    }

    [Theory]
    [InlineData("collector:4317")]
    [InlineData("grpc://127.0.0.1:4317")]
    [InlineData("/v1/traces")]
    public async Task OtlpEndpointThatIsNone_Is78NamingTheVariable(string address)
    {
        await using var process = ProxyProcess.Start(new ProxyStart
        {
            Configuration = """{ "Enclaves": [ { "Transport": "unix", "Path": "/nonexistent" } ] }""",
            Environment = new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = address },
        }, "run");

        Assert.Equal(78, await process.ExitAsync());
        Assert.Contains("OTEL_EXPORTER_OTLP_ENDPOINT: ", process.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(process.Out.All);
    }

    [Theory]
    [InlineData]
    [InlineData("run")]
    public async Task NothingConfigured_Is78PointingToTheDemo(params string[] command)
    {
        await using var process = ProxyProcess.Start(new ProxyStart { Configuration = "{}" }, command);

        Assert.Equal(78, await process.ExitAsync());
        Assert.Contains("Enclaves: ", process.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("parent-proxy demo", process.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(process.Out.All);
    }

    [Fact]
    public async Task Mistakes_AreAllNamedWithPathAndReason()
    {
        await using var process = ProxyProcess.Start(
            new ProxyStart
            {
                Configuration = """{ "Retries": {}, "Routing": { "LoadBalancing": "Best" }, "Enclaves": [{ "Transport": "tcp","""
                    + """ "Port": 80 }, { "Cid": 0, "Port": 1 }] }""",
                Environment = new Dictionary<string, string>
                {
                    ["PARENTPROXY_ENCLAVE_7_CID"] = "sixteen",
                    ["PARENTPROXY_ENCLAVE_7_PORT"] = "-3",
                    ["Timeouts__Connect"] = "soon",
                },
            },
            "--Limits:MaxConnections=-1",
            "--Retry:WaitForEnclave=x");

        Assert.Equal(78, await process.ExitAsync());
        Assert.All(
            (string[])[
                "Retries", "Routing:LoadBalancing", "Enclaves:0:TcpHost", "Enclaves:1:Cid", "PARENTPROXY_ENCLAVE_7_CID",
                "PARENTPROXY_ENCLAVE_7_PORT", "Timeouts__Connect", "Limits:MaxConnections", "Retry:WaitForEnclave"],
            path => Assert.Single(
                process.Error.All,
                line => line.Contains(path, StringComparison.Ordinal) && line.Contains(": ", StringComparison.Ordinal)));
        Assert.Contains("9 mistakes", process.Error.All[0], StringComparison.Ordinal);
        Assert.Contains(process.ConfigFile, process.Error.All[0], StringComparison.Ordinal);
        Assert.Contains(process.Error.All, line => line.Contains("PARENTPROXY_ENCLAVE_7_CID", StringComparison.Ordinal)
            && line.Contains("Enclaves:7:Cid", StringComparison.Ordinal)
            && line.Contains("sixteen", StringComparison.Ordinal));
        Assert.Empty(process.Out.All);
    }

    [Theory]
    [InlineData("{ \"Enclaves\": [", "line 1")]
    [InlineData("", "is empty")]
    public async Task BrokenFile_Is78NamingIt(string content, string reason)
    {
        await using var process = ProxyProcess.Start(new ProxyStart { Configuration = content });

        Assert.Equal(78, await process.ExitAsync());
        Assert.Contains(process.Error.All, line => line.Contains($"{process.ConfigFile}: ", StringComparison.Ordinal)
            && line.Contains(reason, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--config")]
    [InlineData("PARENTPROXY_CONFIG")]
    public async Task MissingFile_Is78NamingItAndWhoAskedForIt(string source)
    {
        using var directory = new TemporaryDirectory();
        var missing = directory.File("absent.json");
        var isVariable = source == "PARENTPROXY_CONFIG";
        await using var process = ProxyProcess.Start(
            new ProxyStart { Environment = isVariable ? new Dictionary<string, string> { [source] = missing } : [] },
            isVariable ? [] : ["--config", missing, "--Enclaves:0:Transport=unix", "--Enclaves:0:Path=/nowhere"]);

        Assert.Equal(78, await process.ExitAsync());
        Assert.Contains(
            process.Error.All,
            line => line.Contains(source + ": ", StringComparison.Ordinal) && line.Contains(missing, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Files_AreTakenInTheirOrder()
    {
        using var directory = new TemporaryDirectory();
        using var program = ProgramCopy.Create();
        var beside = Path.Combine(program.Folder, "appsettings.json");
        await File.WriteAllTextAsync(beside, """{ "Beside": 1 }""");
        var variable = directory.File("variable.json");
        await File.WriteAllTextAsync(variable, """{ "Variable": 1 }""");
        var start = new ProxyStart { ProgramFolder = program.Folder };
        var withVariable = start with { Environment = new Dictionary<string, string> { ["PARENTPROXY_CONFIG"] = variable } };

        // An unknown section tells which file was read. The file of the machine would come between the last two.
        Assert.Contains(
            "Argument: ", await MistakesAsync(withVariable with { Configuration = """{ "Argument": 1 }""" }), StringComparison.Ordinal);
        Assert.Contains("Variable: ", await MistakesAsync(withVariable), StringComparison.Ordinal);
        if (!File.Exists("/etc/parent-proxy/appsettings.json"))
            Assert.Contains("Beside: ", await MistakesAsync(start), StringComparison.Ordinal);
    }

    private static async Task<string> MistakesAsync(ProxyStart start)
    {
        await using var process = ProxyProcess.Start(start);
        Assert.Equal(78, await process.ExitAsync());
        Assert.Single(process.Error.All, line => line.Contains("unknown", StringComparison.OrdinalIgnoreCase));
        return process.Error.ToString();
    }
}
