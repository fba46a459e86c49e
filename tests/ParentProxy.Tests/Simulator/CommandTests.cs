using System.Diagnostics;
using ParentProxy.Simulator;
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
    public async Task Run_WrongUsage_ExitsWith2(params string[] arguments)
    {
        using var process = Start(arguments);
        var error = await process.StandardError.ReadToEndAsync().WaitAsync(TestDeadline.Value);
        await process.WaitForExitAsync().WaitAsync(TestDeadline.Value);

        Assert.Equal(2, process.ExitCode);
        Assert.NotEmpty(error);
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
