using System.Text.Json;
using ParentProxy.Commands.Doctor;
using ParentProxy.Tests.Hosting;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Commands.Doctor;

/// <summary><c>parent-proxy doctor</c> as it is called.</summary>
public sealed class DoctorCommandTests
{
    private const string Missing = """{ "Enclaves": [ { "Id": "0", "Transport": "unix", "Path": "/nonexistent/a.sock" } ] }""";

    [Fact]
    public async Task SomethingFails_Is1AndNamesIt()
    {
        await using var process = ProxyProcess.Start(
            new ProxyStart { Configuration = Missing }, "doctor", "--Admin:Url=http://127.0.0.1:1");

        Assert.Equal(1, await process.ExitAsync());
        Assert.Contains(
            "  FAIL  enclave-dial        0: unix:/nonexistent/a.sock: ENOENT (there is no such socket file)", process.Out.All);
        Assert.StartsWith("What fails: ", process.Out.All[^1], StringComparison.Ordinal);
        Assert.Contains("enclave-dial", process.Out.All[^1], StringComparison.Ordinal);
        Assert.DoesNotContain('\e', process.Out.ToString());
    }

    [Fact]
    public async Task NothingFails_Is0()
    {
        await using var enclave = await TestEnclave.StartAsync();
        var path = enclave.EndPoint["unix:".Length..];
        var configuration = $$"""{ "Enclaves": [ { "Id": "0", "Transport": "unix", "Path": "{{path}}" } ] }""";
        await using var running = await ProxyProcess.Run(configuration).ReadyAsync();

        await using var process = ProxyProcess.Start(
            new ProxyStart { ConfigFile = running.ConfigFile, Configuration = configuration },
            "doctor",
            "--json",
            "--Health:Probe:Timeout=00:01:00",
            "--Timeouts:Connect=00:01:00",
            $"--Admin:Url={running.AdminUrl.GetLeftPart(UriPartial.Authority)}",
            $"--Kestrel:Endpoints:Http:Url={running.Url.GetLeftPart(UriPartial.Authority)}");

        Assert.Equal(0, await process.ExitAsync());
        var checks = Statuses(process);
        Assert.Equal(
            ["ok", "ok", "ok", "ok", "ok"],
            new[] { "configuration", "service-answer", "service-configuration", "enclave-echo", "listener" }.Select(id => checks[id]));
    }

    [Fact]
    public async Task ReloadThatWasRefused_IsToldWithItsReason()
    {
        await using var running = await ProxyProcess.Run(Missing).StartedAsync();
        var admin = $"--Admin:Url={running.AdminUrl.GetLeftPart(UriPartial.Authority)}";
        File.WriteAllText(running.ConfigFile, Missing.Replace("\"Path\"", "\"Pfad\"", StringComparison.Ordinal));
        running.Signal(Signal.Hup);
        await running.Out.WaitAsync("the running one stays");

        await using var process = ProxyProcess.Start(new ProxyStart { Configuration = Missing }, "doctor", admin);

        Assert.Equal(1, await process.ExitAsync());
        Assert.Contains("service-configuration", process.Out.All[^1], StringComparison.Ordinal);
        Assert.Contains(process.Out.All, line => line.Contains("seen  Enclaves:0:Pfad: ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--enclave goes with --egress", "--enclave", "16")]
    [InlineData("--egress and --json do not go together", "--egress", "a:1", "--json")]
    [InlineData("is not HOST:PORT", "--egress", "a")]
    public async Task WrongUsage_Is2(string message, params string[] arguments)
    {
        await using var process = ProxyProcess.Start(new ProxyStart { Configuration = Missing }, ["doctor", .. arguments]);

        Assert.Equal(2, await process.ExitAsync());
        Assert.Contains(message, process.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_EndsWithExamples()
    {
        await using var process = ProxyProcess.Start(new ProxyStart(), "doctor", "--help");

        Assert.Equal(0, await process.ExitAsync());
        Assert.Contains("  sudo parent-proxy doctor --json", process.Out.All);
    }

    [Fact]
    public async Task Report_HasColoursOnlyForATerminal()
    {
        CheckResult[] results = [new("a-check", CheckStatus.Warn, "so so") { Evidence = ["this"], Remedy = ["that"] }];
        using var plain = new StringWriter();
        using var coloured = new StringWriter();

        await new DoctorReport(plain, hasColour: false).WriteAsync([("Heading", results)]);
        await new DoctorReport(coloured, hasColour: true).WriteAsync([("Heading", results)]);

        Assert.Equal(
            """
            Heading
              WARN  a-check  so so
                    seen  this
                    do    that

            0 OK, 1 WARN, 0 FAIL, 0 SKIP
            Nothing is wrong that keeps the proxy from working.

            """,
            plain.ToString());
        Assert.Contains("\e[33mWARN\e[0m", coloured.ToString(), StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Statuses(ProxyProcess process) =>
        JsonDocument.Parse(process.Out.ToString()).RootElement.GetProperty("checks").EnumerateArray()
            .GroupBy(check => check.GetProperty("id").GetString()!, check => check.GetProperty("status").GetString()!)
            .ToDictionary(group => group.Key, group => group.Distinct().Single());
}
