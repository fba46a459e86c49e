using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Hosting;

/// <summary>The program as an operator starts it: a process of its own. Disposing kills what has not ended.</summary>
internal sealed partial class ProxyProcess : IAsyncDisposable
{
    // What the machine that runs the tests happens to set must not take part.
    private static readonly string[] ForeignVariables =
        [
            "PARENTPROXY_", "KEYMELD_", "NOTIFY_SOCKET", "WATCHDOG_", "LISTEN_", "FDSTORE", "JOURNAL_STREAM", "INVOCATION_ID",
            "ASPNETCORE_", "DOTNET_ENVIRONMENT", "OTEL_"];

    /// <summary>Held while a program is started: who lends one a descriptor lends it to all that are started meanwhile.</summary>
    public static readonly Lock Starting = new();

    private readonly Process _process;
    private readonly TemporaryDirectory _directory;
    private readonly HttpClient _client = new(
        new SocketsHttpHandler { UseProxy = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.Zero })
    {
        Timeout = TestDeadline.Value,
    };

    private Match? _startLine;

    private ProxyProcess(Process process, TemporaryDirectory directory, string configFile)
    {
        _process = process;
        _directory = directory;
        ConfigFile = configFile;
        process.OutputDataReceived += (_, e) => Out.Add(e.Data);
        process.ErrorDataReceived += (_, e) => Error.Add(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public OutputLines Out { get; } = new();

    public OutputLines Error { get; } = new();

    public int Id => _process.Id;

    /// <summary>The file behind <c>--config</c>.</summary>
    public string ConfigFile { get; }

    /// <summary>Where the public listener listens; known after <see cref="StartedAsync"/>.</summary>
    public Uri Url => new(_startLine!.Groups["url"].Value);

    /// <summary>Where the admin listener listens; known after <see cref="StartedAsync"/>.</summary>
    public Uri AdminUrl => new(_startLine!.Groups["admin"].Value);

    /// <summary>Starts the program with two listeners on free ports, a configuration file and further arguments.</summary>
    public static ProxyProcess Run(string configuration, params string[] arguments) =>
        Run(new ProxyStart { Configuration = configuration }, arguments);

    /// <summary>Starts the program with two listeners on free ports, as <paramref name="start"/> says.</summary>
    public static ProxyProcess Run(ProxyStart start, params string[] arguments) =>
        Start(start, ["--Kestrel:Endpoints:Http:Url=http://127.0.0.1:0", "--Admin:Url=http://127.0.0.1:0", .. arguments]);

    /// <summary>Starts the program with these arguments and nothing else, but for <c>--config</c> where there is a configuration.</summary>
    public static ProxyProcess Start(ProxyStart start, params IReadOnlyList<string> arguments)
    {
        var directory = new TemporaryDirectory();
        var file = start.ConfigFile ?? directory.File("settings.json");
        string[] config = [];
        if (start.Configuration is { } content)
        {
            File.WriteAllText(file, content);
            config = ["--config", file];
        }

        // Whoever started the tests in the background left SIGINT, SIGQUIT or SIGHUP ignored, and a child would inherit that.
        string[] command = ["env", "--default-signal", .. ProgramFiles.Command(start.ProgramFolder), .. arguments, .. config];
        if (start.Shell is { } shell)
            command = ["/bin/sh", "-c", shell + "; exec \"$@\"", "sh", .. command];
        var info = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = start.WorkingDirectory ?? directory.Root,
        };
        foreach (var name in info.Environment.Keys.Where(IsForeign).ToList())
            info.Environment.Remove(name);
        // Short lives: what makes long ones fast only costs here.
        info.Environment["DOTNET_TieredPGO"] = "0";
        foreach (var (name, value) in start.Environment)
            info.Environment[name] = value;
        lock (Starting)
            return new ProxyProcess(Process.Start(info)!, directory, file);
    }

    /// <summary>Waits for the start-up line and learns the addresses from it.</summary>
    public async Task<ProxyProcess> StartedAsync()
    {
        try
        {
            ReadStartLine(await Out.WaitAsync("forwards to"));
            return this;
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{e.Message}\nstderr:\n{Error}", e);
        }
    }

    /// <summary>Learns the addresses from a start-up line that was written elsewhere.</summary>
    public void ReadStartLine(string line)
    {
        // JSON escapes the quotes that it puts around values.
        _startLine = StartLine().Match(line.Replace("\\\"", "", StringComparison.Ordinal));
        Assert.True(_startLine.Success, line);
    }

    /// <summary>Waits until the first round of probes is over.</summary>
    public async Task<ProxyProcess> ReadyAsync()
    {
        await StartedAsync();
        await Out.WaitAsync("First round of probes");
        return this;
    }

    public async Task<(int Status, string Body)> GetAsync(string path)
    {
        using var response = await _client.GetAsync(new Uri(Url, path));
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>The enclave that answered.</summary>
    public async Task<string> ServedByAsync(string path = "/echo")
    {
        using var response = await _client.GetAsync(new Uri(Url, path));
        return response.IsSuccessStatusCode ? response.Headers.GetValues("X-Enclave").Single() : $"{(int)response.StatusCode}";
    }

    public async Task<int> PostAsync(string path, string body)
    {
        using var content = new StringContent(body);
        using var response = await _client.PostAsync(new Uri(Url, path), content);
        return (int)response.StatusCode;
    }

    public async Task<(int Status, JsonElement Body)> AdminAsync(string path)
    {
        using var response = await _client.GetAsync(new Uri(AdminUrl, path));
        return ((int)response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement);
    }

    /// <summary>Polls the public health until it reads like this.</summary>
    public async Task HealthBecomesAsync(string body)
    {
        var last = "";
        await Eventually.TrueAsync(
            async () => (last = (await GetAsync("/health")).Body) == body, () => $"health is {last}, not {body}\n{Out}");
    }

    public void Signal(Signal signal)
    {
        // By id, and only while that is ours.
        if (_process.HasExited || Kill(_process.Id, (int)signal) != 0)
            throw new InvalidOperationException($"no process for {signal}:\n{Out}\n{Error}");
    }

    /// <summary>To a process that this one has started.</summary>
    public static void Signal(int process, Signal signal) => _ = Kill(process, (int)signal);

    /// <summary>Waits for the end, with all output read.</summary>
    public async Task<int> ExitAsync()
    {
        using var patience = new CancellationTokenSource(TestDeadline.Value);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The process does not end:\n{Out}\n{Error}");
        }

        return _process.ExitCode;
    }

    public bool HasExited => _process.HasExited;

    public async Task<int> StopAsync(Signal signal)
    {
        Signal(signal);
        return await ExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _client.Dispose();
        _directory.Dispose();
    }

    private static bool IsForeign(string variable) =>
        variable.Contains("__", StringComparison.Ordinal) || ForeignVariables.Any(v => variable.StartsWith(v, StringComparison.Ordinal));

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);

    [GeneratedRegex("parent-proxy (?<version>\\S+) listens on (?<url>http[^ ,]+).*, admin on (?<admin>http[^ ,]+), "
        + "and forwards to (?<targets>.*); configuration: (?<file>[^\"]*)")]
    private static partial Regex StartLine();
}
