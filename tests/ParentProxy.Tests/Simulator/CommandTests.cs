using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using ParentProxy.Simulator;
using ParentProxy.Simulator.Attestation;
using ParentProxy.Tests.Simulator.Attestation;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Simulator;

/// <summary>The program as a process.</summary>
public sealed class CommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task Run_UntilASignal_EndsCleanly(string signal)
    {
        var path = _directory.File("e.sock");
        using var process = Start("--listen", "unix:" + path, "--name", "blue");

        Assert.Equal($"listening on unix:{path}", await process.StandardOutput.ReadLineAsync().WaitAsync(TestDeadline.Value));
        using (var http = EnclaveClient.Http("unix:" + path))
        using (var response = await http.GetAsync("/health"))
            Assert.Equal("blue", response.Headers.GetValues("X-Enclave").Single());
        using (var kill = Process.Start("kill", ["-s", signal, process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();
        await process.WaitForExitAsync().WaitAsync(TestDeadline.Value);

        Assert.Equal(0, process.ExitCode);
        Assert.False(Path.Exists(path));
    }

    [Theory]
    [InlineData]
    [InlineData("--listen", "nonsense")]
    [InlineData("--listen", "tcp://127.0.0.1:0", "--latency", "soon")]
    [InlineData("--listen", "tcp://127.0.0.1:0", "--failure-rate", "2")]
    [InlineData("--listen", "tcp://127.0.0.1:0", "--unknown")]
    [InlineData("--listen", "tcp://127.0.0.1:0", "--attestation-listen", "nonsense")]
    public async Task Run_WrongUsage_ExitsWith2(params string[] arguments)
    {
        using var process = Start(arguments);
        var error = await process.StandardError.ReadToEndAsync().WaitAsync(TestDeadline.Value);
        await process.WaitForExitAsync().WaitAsync(TestDeadline.Value);

        Assert.Equal(2, process.ExitCode);
        Assert.NotEmpty(error);
    }

    [Fact]
    public async Task Run_WrongValues_NamesThemAllAndMakesNoFile()
    {
        var pki = _directory.File("pki.pem");
        using var process = Start(
            "--listen", "nonsense", "--attestation-listen", "tcp://nowhere", "--image", "", "--module-id", "a b", "--attestation-pki", pki);
        var error = await process.StandardError.ReadToEndAsync().WaitAsync(TestDeadline.Value);
        await process.WaitForExitAsync().WaitAsync(TestDeadline.Value);

        Assert.Equal(2, process.ExitCode);
        foreach (var wrong in new[] { "'nonsense'", "'tcp://nowhere'", "image ''", "module id 'a b'" })
            Assert.Contains(wrong, error, StringComparison.Ordinal);
        Assert.False(File.Exists(pki));
    }

    [Fact]
    public async Task Run_WithAttestation_SaysWhereAndWritesItsRoot()
    {
        var (lines, pki, root) = (_directory.File("a.sock"), _directory.File("pki.pem"), _directory.File("root.pem"));
        using var process = Start(
            "--listen", "unix:" + _directory.File("e.sock"), "--attestation-listen", "unix:" + lines, "--attestation-root", root,
            "--attestation-pki", pki, "--image", "blue", "--debug-image", "--module-id", "i-1-enc2");
        try
        {
            Assert.StartsWith("listening on ", await ReadLineAsync(), StringComparison.Ordinal);
            Assert.Equal($"attestation on unix:{lines}", await ReadLineAsync());
            var authority = await SimulatedPki.LoadAsync(pki);
            Assert.Equal($"attestation root sha256 {authority.RootSha256}", await ReadLineAsync());
            Assert.Equal(authority.RootPem, await File.ReadAllTextAsync(root));
            var (received, _) = await EnclaveClient.ExchangeAsync("unix:" + lines, "{\"command\":\"attest\"}\n");
            var answer = JsonSerializer.Deserialize<JsonElement>(received);
            var document = DecodedDocument.Read(answer.GetProperty("attestation_document").GetBytesFromBase64());
            Assert.Equal("i-1-enc2", document.ModuleId);
            Assert.Equal(new string('0', 96), document.Pcrs[0]);
            Assert.Equal(X509ChainStatusFlags.NoError, document.CheckChain(authority.RootPem, DateTimeOffset.UtcNow));
            using var http = EnclaveClient.Http("unix:" + _directory.File("e.sock"));
            Assert.Contains("\"image\":\"blue\"", await http.GetStringAsync("/control/attestation"), StringComparison.Ordinal);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync().WaitAsync(TestDeadline.Value);
        }

        Task<string?> ReadLineAsync() => process.StandardOutput.ReadLineAsync().WaitAsync(TestDeadline.Value);
    }

    [Fact]
    public async Task Run_WithAPkiFileThatIsNone_ExitsWith1NamingIt()
    {
        var pki = _directory.File("pki.pem");
        await File.WriteAllTextAsync(pki, "nothing");

        using var process = Start("--listen", "tcp://127.0.0.1:0", "--attestation-pki", pki);
        var error = await process.StandardError.ReadToEndAsync().WaitAsync(TestDeadline.Value);
        await process.WaitForExitAsync().WaitAsync(TestDeadline.Value);

        Assert.Equal(1, process.ExitCode);
        Assert.Contains(pki, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WithoutAttestation_SaysOneLine()
    {
        using var process = Start("--listen", "tcp://127.0.0.1:0");
        var first = await process.StandardOutput.ReadLineAsync().WaitAsync(TestDeadline.Value);
        string answer;
        using (var http = EnclaveClient.Http(first!["listening on ".Length..]))
            answer = await http.GetStringAsync("/attestation");
        process.Kill();

        Assert.Contains("Development/Unknown", answer, StringComparison.Ordinal);
        Assert.Equal("", await process.StandardOutput.ReadToEndAsync().WaitAsync(TestDeadline.Value));
        await process.WaitForExitAsync().WaitAsync(TestDeadline.Value);
    }

    [Fact]
    public async Task Run_CannotBind_ExitsWith1NamingTheEndpoint()
    {
        await using var first = await EnclaveFixture.StartAsync();

        using var process = Start("--listen", first.Enclave.EndPoint);
        var error = await process.StandardError.ReadToEndAsync().WaitAsync(TestDeadline.Value);
        await process.WaitForExitAsync().WaitAsync(TestDeadline.Value);

        Assert.Equal(1, process.ExitCode);
        Assert.Contains(first.Enclave.EndPoint, error, StringComparison.Ordinal);
        Assert.Contains("in use", error, StringComparison.Ordinal);
    }

    private static Process Start(params string[] arguments)
    {
        // A shell's background jobs, and so perhaps this one, ignore SIGINT, and a child would inherit that.
        var start = new ProcessStartInfo("env", ["--default-signal", "dotnet", typeof(SimulatedEnclave).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }
}
