using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Hosting;

/// <summary>The settings of the runtime that the program brings along, in the program as it is started.</summary>
public sealed class SocketEngineTests
{
    private const string OneEnclave = """{ "Enclaves": [ { "Transport": "unix", "Path": "/nonexistent.sock" } ], "Health": { "Probe": { "Enabled": false } } }""";

    [Fact]
    public async Task Threads_ThatWaitForSockets_AreAsManyAsCores()
    {
        await using var proxy = await ProxyProcess.Run(OneEnclave).StartedAsync();

        Assert.Equal(Environment.ProcessorCount, await SocketThreadsAsync(proxy));
    }

    [Fact]
    public async Task Threads_SetByTheOperator_AreAsManyAsHeSays()
    {
        var start = new ProxyStart { Configuration = OneEnclave, Environment = new Dictionary<string, string> { ["DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT"] = "3" } };
        await using var proxy = await ProxyProcess.Run(start).StartedAsync();

        Assert.Equal(3, await SocketThreadsAsync(proxy));
    }

    [Fact]
    public async Task Completions_SetByTheOperator_AreLeftAlone()
    {
        // Off, how many threads there are is the runtime's affair too.
        var start = new ProxyStart { Configuration = OneEnclave, Environment = new Dictionary<string, string> { ["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "0" } };
        await using var proxy = await ProxyProcess.Run(start).StartedAsync();

        var coresPerThread = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 8 : 30;
        Assert.Equal(Math.Max(1, Environment.ProcessorCount / coresPerThread), await SocketThreadsAsync(proxy));
        Assert.Equal(503, (await proxy.GetAsync("/")).Status);
    }

    [Theory]
    [InlineData("System.GC.Server", "False")]
    [InlineData("System.GC.Concurrent", "False")]
    [InlineData("System.Runtime.TieredCompilation.CallCountingDelayMs", "0")]
    [InlineData("System.Threading.ThreadPool.UnfairSemaphoreSpinLimit", "0")]
    public void RuntimeConfiguration_OfTheProgram_HasTheSetting(string name, string value)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(ProxyProcess.ProgramFolder, "parent-proxy.runtimeconfig.json")));

        Assert.Equal(value, json.RootElement.GetProperty("runtimeOptions").GetProperty("configProperties").GetProperty(name).ToString());
    }

    private static async Task<int> SocketThreadsAsync(ProxyProcess proxy)
    {
        // The engine starts all of them at the first operation that has to wait.
        var count = 0;
        await Eventually.TrueAsync(() => (count = SocketThreads(proxy.Id)) > 0);
        return count;
    }

    private static int SocketThreads(int process) =>
        Directory.EnumerateDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/task"))
            .Count(task => File.ReadAllText(Path.Combine(task, "comm")).StartsWith(".NET Sockets", StringComparison.Ordinal));
}
