using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Transparency;

/// <summary>A front's process and its folder.</summary>
internal sealed class FrontProcess : IAsyncDisposable
{
    private readonly List<string> _said = [];
    private readonly TemporaryDirectory _directory = new();
    private readonly Process _process;

    private FrontProcess(string program, int port, Func<TemporaryDirectory, int, string[]> arguments)
    {
        Uri = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        var start = new ProcessStartInfo(Path.Combine(PeerConfiguration.Harness, "start"), [program, .. arguments(_directory, port)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Add(line.Data);
        _process.ErrorDataReceived += (_, line) => Add(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Where clients connect.</summary>
    public Uri Uri { get; }

    /// <summary>Starts a program, by its name for <c>tests/harness/start</c>, and waits until it listens.</summary>
    public static async Task<FrontProcess> StartAsync(string program, Func<TemporaryDirectory, int, string[]> arguments)
    {
        var front = new FrontProcess(program, FreePort.Released(), arguments);
        await Eventually.TrueAsync(front.ListensAsync);
        return front;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _directory.Dispose();
    }

    private async Task<bool> ListensAsync()
    {
        lock (_said)
            Assert.False(_process.HasExited, $"it does not start: {string.Join('\n', _said)}");
        try
        {
            await (await WireConnection.ConnectAsync(Uri)).DisposeAsync();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void Add(string? line)
    {
        lock (_said)
            _said.Add(line ?? "");
    }
}
