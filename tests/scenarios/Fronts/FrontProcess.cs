using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using ParentProxy.Tests.Transparency;

namespace ParentProxy.Scenarios.Fronts;

/// <summary>A front's process, its folder and its output. Disposing ends it with all that it has started.</summary>
internal sealed class FrontProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly Lock _gate = new();
    private readonly List<string> _lines = [];
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("scenario-");
    private Process? _process;

    /// <summary>What starts every program: with default signals, and without what the machine happens to set.</summary>
    public static string Starter { get; } = Path.Combine(PeerConfiguration.Harness, "start");

    /// <summary>What it wrote, both streams.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_gate)
                return [.. _lines];
        }
    }

    /// <summary>The folder, which goes with the process.</summary>
    public string Folder => _directory.FullName;

    /// <summary>A path in the folder.</summary>
    public string File(string name) => Path.Combine(Folder, name);

    /// <summary>Writes a file in the folder, whole or not at all.</summary>
    public async Task WriteAsync(string name, string content, CancellationToken cancellationToken)
    {
        await System.IO.File.WriteAllTextAsync(File(name + ".new"), content, cancellationToken);
        System.IO.File.Move(File(name + ".new"), File(name), overwrite: true);
    }

    /// <summary>Starts the program and waits until it listens.</summary>
    /// <param name="program">As <c>tests/harness/start</c> knows it.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="port">Where it is going to listen.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task StartAsync(string program, IEnumerable<string> arguments, int port, CancellationToken cancellationToken)
    {
        var info = new ProcessStartInfo(Starter, [program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Folder,
        };
        _process = Process.Start(info)!;
        _process.OutputDataReceived += (_, e) => Add(e.Data);
        _process.ErrorDataReceived += (_, e) => Add(e.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await UntilAsync(() => IsListening(port), $"nobody listens on port {port}", cancellationToken);
    }

    /// <summary>Sends a signal to the process, by its id.</summary>
    public void Signal(int number)
    {
        if (_process is null or { HasExited: true } || Kill(_process.Id, number) != 0)
            throw new InvalidOperationException($"no process to signal:\n{string.Join('\n', Lines)}");
    }

    /// <summary>Waits for a line after the first so many; throws when there is one with the other text.</summary>
    public async Task UntilLineAsync(string text, string? otherwise, int after, CancellationToken cancellationToken)
    {
        await UntilAsync(
            () => Find(text) is not null || (otherwise is not null && Find(otherwise) is not null),
            $"no line with '{text}'",
            cancellationToken);
        if (Find(text) is null)
            throw new InvalidOperationException(Find(otherwise!));

        string? Find(string part) => Lines.Skip(after).FirstOrDefault(line => line.Contains(part, StringComparison.Ordinal));
    }

    /// <summary>Waits until something is so.</summary>
    private async Task UntilAsync(Func<bool> condition, string otherwise, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (_process is { HasExited: true } || Stopwatch.GetElapsedTime(start) > Patience)
                throw new InvalidOperationException($"{otherwise}:\n{string.Join('\n', Lines)}");
            await Task.Delay(Pause, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }

        _directory.Delete(recursive: true);
    }

    private static bool IsListening(int port)
    {
        try
        {
            using var client = new TcpClient();
            client.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void Add(string? line)
    {
        if (line is null)
            return;
        lock (_gate)
            _lines.Add(line);
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
