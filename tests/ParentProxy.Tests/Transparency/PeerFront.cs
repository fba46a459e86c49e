using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using ParentProxy.Tests.Hosting;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Transparency;

/// <summary>Another program, in a process of its own, configured as an operator would who wants nothing changed.</summary>
internal sealed class PeerFront : IFront
{
    /// <summary>The lines of the configuration that are for these cases.</summary>
    private const string Use = "wire";

    private readonly Process _process;
    private readonly TemporaryDirectory _directory;

    private PeerFront(Process process, TemporaryDirectory directory, int port)
    {
        _process = process;
        _directory = directory;
        Uri = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
    }

    public Uri Uri { get; }

    public static Task<IFront> StartNginxAsync(int enclavePort) => StartAsync(
        port => PeerConfiguration.Nginx(Use, ("port", port), ("enclave", enclavePort)),
        "nginx",
        directory => ["-e", "stderr", "-p", directory, "-c", Path.Combine(directory, "front.conf")]);

    public static Task<IFront> StartHAProxyAsync(int enclavePort) => StartAsync(
        port => PeerConfiguration.HAProxy(Use, ("port", port), ("enclave", enclavePort)),
        "haproxy",
        directory => ["-db", "-q", "-f", Path.Combine(directory, "front.conf")]);

    public Task SettleAsync() => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _directory.Dispose();
    }

    private static async Task<IFront> StartAsync(Func<int, string> configuration, string program, Func<string, string[]> arguments)
    {
        var directory = new TemporaryDirectory();
        var port = FreePort.Released();
        await File.WriteAllTextAsync(directory.File("front.conf"), configuration(port));
        var start = new ProcessStartInfo(Locate(program), arguments(directory.Root)) { RedirectStandardError = true };
        var process = Process.Start(start)!;
        var errors = new List<string>();
        process.ErrorDataReceived += (_, line) =>
        {
            lock (errors)
                errors.Add(line.Data ?? "");
        };
        process.BeginErrorReadLine();
        var front = new PeerFront(process, directory, port);
        await Eventually.TrueAsync(
            async () =>
            {
                lock (errors)
                    Assert.False(process.HasExited, $"{program} does not start: {string.Join('\n', errors)}");
                try
                {
                    await (await WireConnection.ConnectAsync(front.Uri)).DisposeAsync();
                    return true;
                }
                catch (SocketException)
                {
                    return false;
                }
            });
        return front;
    }

    /// <summary>Debian keeps daemons where only root's search path leads.</summary>
    private static string Locate(string program) => ((string[])["/usr/sbin", "/usr/local/sbin", "/usr/bin"])
        .Select(directory => Path.Combine(directory, program))
        .FirstOrDefault(File.Exists) ?? program;
}
