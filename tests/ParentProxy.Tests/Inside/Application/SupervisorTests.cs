using System.Globalization;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Endpoints;
using ParentProxy.Inside.Application;
using ParentProxy.Tests.Inside.Bridges;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Inside.Application;

/// <summary>Real processes, real signals.</summary>
public sealed class SupervisorTests : IAsyncDisposable
{
    private static readonly Dictionary<string, string> NoVariables = [];

    private readonly ManualTimeProvider _time = new();
    private readonly BridgeBench _bench;
    private readonly ChildReaper _children = ChildReaper.ForOwnChildren();
    private readonly List<string> _events = [];
    private readonly List<Supervisor> _supervisors = [];

    public SupervisorTests() => _bench = new BridgeBench(_time);

    public async ValueTask DisposeAsync()
    {
        foreach (var supervisor in _supervisors)
            await supervisor.DisposeAsync();
        _children.Dispose();
        _bench.Dispose();
    }

    [Theory]
    [InlineData("exit 0", 0, "exit code 0")]
    [InlineData("exit 3", 3, "exit code 3")]
    [InlineData("exit 137", 137, "exit code 137")]
    [InlineData("kill -9 $$", 137, "SIGKILL")]
    [InlineData("kill -TERM $$", 143, "SIGTERM")]
    public async Task Run_Ended_ReturnsItsCodeAndTellsASignalFromIt(string script, int code, string exit)
    {
        var application = Shell(script);

        Assert.Equal(code, await RunAsync(application));

        Assert.Equal(["ready", "down"], _events);
        Assert.Equal(
            (ApplicationState.Exited, null, 0, exit),
            (application.Status.State, application.Status.Pid, application.Status.Restarts, application.Status.LastExit.ToString()));
        Assert.Contains(_bench.Log.Entries, entry => entry.Message.EndsWith($": {exit}", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("no-such-program", 127, "is in no folder of PATH")]
    [InlineData("/no/such/program", 127, "ENOENT: there is no such file")]
    [InlineData("/etc/passwd", 126, "EACCES: it may not be executed")]
    [InlineData("/", 126, "EACCES")]
    public async Task Run_NoProgram_EndsAtOnceWhateverThePolicy(string program, int code, string reason)
    {
        var application = Start(new InsideApplicationOptions { Command = [program], Restart = RestartPolicy.Always });

        Assert.Equal(code, await RunAsync(application));

        Assert.Contains(reason, Assert.Single(_bench.Log.AtLeast(LogLevel.Error)).Message, StringComparison.Ordinal);
        Assert.Empty(_events);
    }

    [Theory]
    [InlineData("#!/no/interpreter\n", "ENOENT: the file is there, but what runs it is not")]
    [InlineData("echo no first line\n", "ENOEXEC: it is no program of this machine")]
    public async Task Run_ScriptThatCannotRun_SaysWhy(string script, string reason)
    {
        await File.WriteAllTextAsync(_bench.Path("script"), script);
        File.SetUnixFileMode(_bench.Path("script"), UnixFileMode.UserRead | UnixFileMode.UserExecute);

        Assert.Equal(126, await RunAsync(Start(new InsideApplicationOptions { Command = [_bench.Path("script")] })));

        Assert.Contains(reason, Assert.Single(_bench.Log.AtLeast(LogLevel.Error)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Started_IsAloneInASessionWithoutInputAndWithItsVariables()
    {
        var application = Shell(
            $"echo \"$EXTRA $PATH\"; readlink /proc/$$/fd/0; cut -d' ' -f6 /proc/$$/stat; echo $$; grep -E '^Sig(Blk|Ign)' /proc/$$/status",
            variables: new() { ["EXTRA"] = "yes" },
            output: true);

        Assert.Equal(0, await RunAsync(application));

        var lines = await File.ReadAllLinesAsync(_bench.Path("output"));
        Assert.Equal($"yes {Environment.GetEnvironmentVariable("PATH")}", lines[0]);
        Assert.Equal("/dev/null", lines[1]);
        Assert.Equal(lines[3], lines[2]);
        Assert.EndsWith("0000000000000000", lines[4], StringComparison.Ordinal);

        // SIGPIPE is the thirteenth; the C library's own signals, of which it leaves two ignored, are above the thirty-first.
        Assert.Equal(0, Convert.ToInt64(lines[5].Split('\t')[1], 16) & 0x7fff_ffff);
    }

    [Fact]
    public async Task Take_SigtermTwiceWithinASecond_ReachesTheApplicationOnce()
    {
        var application = Shell(Trapping("TERM", "echo term", "exit 5"), output: true);
        var running = RunAsync(application);
        await IsUpAsync();

        application.Take(SignalName.Term);
        application.Take(SignalName.Term);

        Assert.Equal(SignalName.Term, await application.StopRequested.WaitAsync(TestDeadline.Value));
        Assert.Equal(5, await running.WaitAsync(TestDeadline.Value));
        Assert.Equal(["up", "term"], await File.ReadAllLinesAsync(_bench.Path("output")));
        Assert.Equal(["ready", "down"], _events);
    }

    [Theory]
    [InlineData(SignalName.Hup, "HUP")]
    [InlineData(SignalName.User1, "USR1")]
    [InlineData(SignalName.User2, "USR2")]
    [InlineData(SignalName.WindowChange, "WINCH")]
    [InlineData(SignalName.Continue, "CONT")]
    public async Task Take_OtherSignals_ReachTheApplicationAndEndNothing(int signal, string name)
    {
        var application = Shell(Trapping(name, $"echo {name}", ":"), output: true);
        var running = RunAsync(application);
        await IsUpAsync();

        application.Take(signal);

        await Eventually.TrueAsync(() => File.ReadAllLines(_bench.Path("output")).Contains(name));
        Assert.False(application.StopRequested.IsCompleted);
        Assert.False(running.IsCompleted);
    }

    [Fact]
    public async Task Take_ApplicationThatIgnoresIt_IsKilledAfterTheTime()
    {
        var application = Shell(Trapping("TERM", "echo ignored", ":"), output: true);
        ApplicationState? stateWhenSaid = null;
        _bench.Log.WhenWritten = entry =>
        {
            if (entry.Message.StartsWith("SIGTERM came: the application gets it, and has", StringComparison.Ordinal))
                stateWhenSaid = application.Status.State;
        };
        var running = RunAsync(application);
        await IsUpAsync();

        application.Take(SignalName.Term);
        Assert.Equal(ApplicationState.Stopping, stateWhenSaid);
        await Eventually.TrueAsync(() => File.ReadAllLines(_bench.Path("output")).Contains("ignored"));
        Assert.Equal(ApplicationState.Stopping, application.Status.State);
        _time.Advance(new InsideOptions().StopTimeout);

        Assert.Equal(137, await running.WaitAsync(TestDeadline.Value));
        Assert.Contains(_bench.Log.Entries, entry => entry.Message.Contains("SIGKILL: it has not ended within", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(SignalName.Term, 2)]
    [InlineData(SignalName.Int, 2)]
    public async Task Take_SecondTime_KillsAtOnce(int second, int seconds)
    {
        var application = Shell(Trapping("TERM", "echo ignored", ":"), output: true);
        var running = RunAsync(application);
        await IsUpAsync();

        application.Take(SignalName.Term);
        _time.Advance(TimeSpan.FromSeconds(seconds));
        application.Take(second);

        Assert.Equal(137, await running.WaitAsync(TestDeadline.Value));
    }

    [Fact]
    public async Task Take_BeforeTheStart_EndsWithoutIt()
    {
        var application = Shell("echo never", output: true);

        application.Take(SignalName.Int);

        Assert.Equal(130, await RunAsync(application));
        Assert.False(File.Exists(_bench.Path("output")));
    }

    [Fact]
    public async Task Take_BetweenRestarts_EndsAtOnce()
    {
        var application = Shell("exit 7", RestartPolicy.Always);
        var running = RunAsync(application);
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(1));

        application.Take(SignalName.Term);

        Assert.Equal(7, await running.WaitAsync(TestDeadline.Value));
        Assert.Equal(1, application.Status.Restarts);
    }

    [Fact]
    public async Task Run_Cancelled_IsAsSigterm()
    {
        var application = Shell(Trapping("TERM", ":", "exit 6"), output: true);
        using var cancel = new CancellationTokenSource();
        var running = RunAsync(application, cancel.Token);
        await IsUpAsync();

        await cancel.CancelAsync();

        Assert.Equal(6, await running.WaitAsync(TestDeadline.Value));
    }

    [Fact]
    public async Task Dispose_WhileItRuns_KillsIt()
    {
        var application = Shell(Trapping("TERM", ":", ":"), output: true);
        var running = RunAsync(application);
        await IsUpAsync();

        await application.DisposeAsync();

        Assert.Equal(137, await running.WaitAsync(TestDeadline.Value));
    }

    [Fact]
    public async Task Run_OnFailure_IsRestartedUntilItSucceeds()
    {
        var count = _bench.Path("count");
        var application = Shell($"echo x >> {count}; test $(wc -l < {count}) -ge 3", RestartPolicy.OnFailure);
        var running = RunAsync(application);
        await AdvanceWhenWaitedForAsync(1);
        await AdvanceWhenWaitedForAsync(2);

        Assert.Equal(0, await running.WaitAsync(TestDeadline.Value));

        Assert.Equal(["ready", "down", "ready", "down", "ready", "down"], _events);
        Assert.Equal(2, application.Status.Restarts);
        Assert.Equal(2, _bench.Measure()["application.restarts{}"]);
    }

    [Fact]
    public async Task Run_UnlessItListens_IsNotReady()
    {
        var listener = _bench.Address("application");
        var application = Start(
            new InsideApplicationOptions { Command = ["sleep", "1000"] },
            new ReadinessOptions(EnclaveEndpoint.Unix(_bench.Path("application")), null));
        var running = RunAsync(application);
        await _time.WaitForTimerAsync(TimeSpan.FromMilliseconds(50));
        Assert.Equal((ApplicationState.Starting, 0), (application.Status.State, _events.Count));

        await using var server = ScriptedEnclave.Start(_ => Task.CompletedTask, listener.EndPoint);
        _time.Advance(TimeSpan.FromMilliseconds(50));

        await Eventually.TrueAsync(() => application.Status.State == ApplicationState.Ready);
        application.Take(SignalName.Term);
        Assert.Equal(143, await running.WaitAsync(TestDeadline.Value));
        Assert.Equal(["ready", "down"], _events);
    }

    [Fact]
    public async Task Run_AnswersBadly_IsNotReadyBeforeItAnswersWell()
    {
        var answers = new Queue<string>(
            ["", "SSH-2.0-x\r\n", "HTTP/1.1 503 No\r\n\r\n", "HTTP/1.1 404 No\r\n\r\n", "HTTP/1.0 302 Yes\r\n\r\n"]);
        var heads = new List<string>();
        await using var server = ScriptedEnclave.Start(async connection =>
        {
            heads.Add((await connection.ReadHeadAsync())!.StartLine);
            await connection.SendAsync(answers.Dequeue());
        });
        var application = Start(
            new InsideApplicationOptions { Command = ["sleep", "1000"] },
            ReadinessOptions.Parse($"http://{server.EndPoint["tcp://".Length..]}/health?deep=1").Value);
        var running = RunAsync(application);
        foreach (var wait in new[] { 50, 100, 200, 400 })
        {
            await _time.WaitForTimerAsync(TimeSpan.FromMilliseconds(wait));
            _time.Advance(TimeSpan.FromMilliseconds(wait));
        }

        await Eventually.TrueAsync(() => application.Status.State == ApplicationState.Ready);
        Assert.Equal(Enumerable.Repeat("GET /health?deep=1 HTTP/1.1", 5), heads);
        application.Take(SignalName.Term);
        Assert.Equal(143, await running.WaitAsync(TestDeadline.Value));
    }

    [Fact]
    public async Task Run_NeverReady_IsEndedAndHasFailedEvenIfItSaysOtherwise()
    {
        var application = Start(
            new InsideApplicationOptions { Command = ["sh", "-c", $"{{ {Trapping("TERM", ":", "exit 0")}\n}} > {_bench.Path("output")}"] },
            new ReadinessOptions(EnclaveEndpoint.Unix(_bench.Path("nobody")), null));
        var running = RunAsync(application);
        await IsUpAsync();
        await _time.WaitForTimerAsync(TimeSpan.FromMilliseconds(50));

        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(1, await running.WaitAsync(TestDeadline.Value));
        Assert.Empty(_events);
        Assert.Contains(
            _bench.Log.AtLeast(LogLevel.Error),
            entry => entry.Message.Contains("ReadyTimeout", StringComparison.Ordinal)
                && entry.Message.Contains("ENOENT (there is no such socket file)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_EndedBeforeItServed_IsNeverReady()
    {
        var application = Start(
            new InsideApplicationOptions { Command = ["false"] },
            new ReadinessOptions(EnclaveEndpoint.Unix(_bench.Path("nobody")), null));

        Assert.Equal(1, await RunAsync(application));

        Assert.Empty(_events);
    }

    [Fact]
    public async Task Run_AsUser_HasItsRightsAndNothingElseHas()
    {
        if (Environment.UserName != "root")
            return;
        var application = Start(
            new InsideApplicationOptions
            {
                Command = ["sh", "-c", $"id -u; id -g; id -G; echo $HOME $USER $LOGNAME; grep CapPrm /proc/self/status"],
                User = "nobody",
            },
            output: new FileOutput(_bench.Path("output")));

        Assert.Equal(0, await RunAsync(application));

        var nobody = ApplicationUser.Find("nobody");
        Assert.Equal(
            [
                $"{nobody.Uid}", $"{nobody.Gid}", string.Join(' ', nobody.Groups), $"{nobody.Home} nobody nobody",
                "CapPrm:\t0000000000000000",
            ],
            await FileOutput.LinesAsync(_bench.Path("output")));
        foreach (var thread in Directory.GetDirectories("/proc/self/task"))
        {
            // Some end while they are looked at.
            if (await ReadOrNothingAsync($"{thread}/status") is { } status)
                Assert.Contains("\nUid:\t0\t0\t0\t0\n", status, StringComparison.Ordinal);
        }

        static async Task<string?> ReadOrNothingAsync(string path)
        {
            try
            {
                return await File.ReadAllTextAsync(path);
            }
            catch (IOException)
            {
                return null;
            }
        }
    }

    [Fact]
    public void UnknownUser_IsToldBeforeAnythingStarts()
    {
        var exception = Assert.Throws<ApplicationUserException>(
            () => Start(new InsideApplicationOptions { Command = ["true"], User = "no-such-user" }));

        Assert.StartsWith("there is no user \"no-such-user\" in /etc/passwd", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Measure_ProcessorTimeOfAllRuns_IsKept()
    {
        const string Work = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; exit 1";
        var application = Shell(Work, RestartPolicy.OnFailure);
        var running = RunAsync(application);
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(1));
        var first = application.CpuSeconds;
        await AdvanceWhenWaitedForAsync(1);
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(2));
        var second = application.CpuSeconds;
        application.Take(SignalName.Term);
        await running.WaitAsync(TestDeadline.Value);

        Assert.True(first > 0, first.ToString(CultureInfo.InvariantCulture));
        Assert.True(second > first, $"{first}, then {second}");
    }

    /// <summary>A script that says that it is up, and what it does on a signal.</summary>
    private static string Trapping(string signal, string action, string end) =>
        $"trap '{action}; {end}' {signal}; echo up; while :; do sleep 0.02; done";

    private Supervisor Shell(
        string script, RestartPolicy restart = RestartPolicy.Never, Dictionary<string, string>? variables = null, bool output = false) =>
        Start(
            new InsideApplicationOptions
            {
                Command = output ? ["sh", "-c", $"{{ {script}\n}} > {_bench.Path("output")}"] : ["sh", "-c", script],
                Restart = restart,
            },
            variables: variables);

    private Supervisor Start(
        InsideApplicationOptions application,
        ReadinessOptions? ready = null,
        Dictionary<string, string>? variables = null,
        IApplicationOutput? output = null)
    {
        var context = _bench.Context(new InsideOptions { Application = application });
        var supervisor = new Supervisor(application, ready, variables ?? NoVariables, output, _children, context);
        _supervisors.Add(supervisor);
        return supervisor;
    }

    private Task<int> RunAsync(Supervisor application, CancellationToken cancellationToken = default) => application.RunAsync(
        () =>
        {
            _events.Add("ready");
            return Task.CompletedTask;
        },
        () =>
        {
            _events.Add("down");
            return Task.CompletedTask;
        },
        cancellationToken).WaitAsync(TestDeadline.Value, CancellationToken.None);

    private Task IsUpAsync() => Eventually.TrueAsync(
        () => File.Exists(_bench.Path("output")) && File.ReadAllText(_bench.Path("output")).StartsWith("up\n", StringComparison.Ordinal));

    private async Task AdvanceWhenWaitedForAsync(int seconds)
    {
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(seconds));
        _time.Advance(TimeSpan.FromSeconds(seconds));
    }
}
