using ParentProxy.Configuration;
using ParentProxy.Endpoints;
using ParentProxy.Inside.Application;
using ParentProxy.Tests.Inside.Bridges;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Inside.Application;

/// <summary>How a run ends, and what is told of it.</summary>
public sealed class SupervisorEndTests : IAsyncDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly BridgeBench _bench;
    private readonly ChildReaper _children = ChildReaper.ForOwnChildren();
    private Supervisor? _application;

    public SupervisorEndTests() => _bench = new BridgeBench(_time);

    public async ValueTask DisposeAsync()
    {
        if (_application is not null)
            await _application.DisposeAsync();
        _children.Dispose();
        _bench.Dispose();
    }

    [Fact]
    public async Task Run_WayInCannotBeOpened_ApplicationIsEndedFirst()
    {
        var application = Start($"trap 'echo ended > {Output}; exit 0' TERM; echo up > {Output}; while :; do sleep 0.02; done");

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => application.RunAsync(
            async () =>
            {
                await IsWrittenAsync("up");
                throw new InvalidOperationException("no way in");
            },
            () => Task.CompletedTask,
            CancellationToken.None).WaitAsync(TestDeadline.Value));

        Assert.Equal("no way in", failure.Message);
        Assert.Equal("ended\n", await File.ReadAllTextAsync(Output));
        Assert.Equal((ApplicationState.Exited, 0), (application.Status.State, application.Status.LastExit?.ExitCode));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_NeverReadyAndEndedByASignal_Is1(bool isKilled)
    {
        var application = Start(
            $"{(isKilled ? "trap '' TERM;" : "")} echo up > {Output}; while :; do sleep 0.02; done",
            ready: new ReadinessOptions(EnclaveEndpoint.Unix(_bench.Path("nobody")), null));
        var running = RunAsync(application);
        await IsWrittenAsync("up");
        await _time.WaitForTimerAsync(TimeSpan.FromMilliseconds(50));
        _time.Advance(TimeSpan.FromMinutes(1));
        if (isKilled)
        {
            await _time.WaitForTimerAsync(new InsideOptions().StopTimeout);
            _time.Advance(new InsideOptions().StopTimeout);
        }

        Assert.Equal(1, await running);
        Assert.Equal(isKilled ? "SIGKILL" : "SIGTERM", application.Status.LastExit.ToString());
    }

    [Fact]
    public async Task Take_HangUpBetweenRestarts_IsForNobody()
    {
        var application = Start("exit 7", RestartPolicy.Always);
        var running = RunAsync(application);
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(1));

        application.Take(SignalName.Hup);

        Assert.False(application.StopRequested.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(2));
        Assert.Equal(2, application.Status.Restarts);
        Assert.False(running.IsCompleted);
    }

    [Fact]
    public async Task Take_AnotherSignalWithinASecond_DoesNotKill()
    {
        var application = Start($"trap 'exit 5' TERM; trap '' INT; echo up > {Output}; while :; do sleep 0.02; done");
        var running = RunAsync(application);
        await IsWrittenAsync("up");

        application.Take(SignalName.Int);
        application.Take(SignalName.Term);

        Assert.DoesNotContain(_bench.Log.Entries, entry => entry.Message.Contains("SIGKILL", StringComparison.Ordinal));
        _time.Advance(TimeSpan.FromSeconds(1));
        application.Take(SignalName.Term);
        Assert.Equal(137, await running);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_HasEnded_IsDownOnlyIfItIsStartedAgain(bool isRestarted)
    {
        var application = Start("exit 3", isRestarted ? RestartPolicy.OnFailure : RestartPolicy.Never);
        var told = new TaskCompletionSource<ApplicationState>(TaskCreationOptions.RunContinuationsAsynchronously);

        var running = application.RunAsync(
            () => Task.CompletedTask,
            () =>
            {
                told.TrySetResult(application.Status.State);
                return Task.CompletedTask;
            },
            CancellationToken.None);

        Assert.Equal(isRestarted ? ApplicationState.Down : ApplicationState.Exited, await told.Task.WaitAsync(TestDeadline.Value));
        application.Take(SignalName.Term);
        Assert.Equal(3, await running.WaitAsync(TestDeadline.Value));
    }

    [Fact]
    public async Task Run_AsUser_MayOpenItsOutputByName()
    {
        if (Environment.UserName != "root")
            return;
        var application = Start("echo yes > /dev/stdout", user: "nobody", output: new FileOutput(Output));

        Assert.Equal(0, await RunAsync(application));

        Assert.Equal(["yes"], await FileOutput.LinesAsync(Output));
    }

    private string Output => _bench.Path("output");

    private Supervisor Start(
        string script,
        RestartPolicy restart = RestartPolicy.Never,
        ReadinessOptions? ready = null,
        string? user = null,
        IApplicationOutput? output = null)
    {
        var options = new InsideApplicationOptions { Command = ["sh", "-c", script], Restart = restart, User = user };
        return _application = new Supervisor(
            options, ready, new Dictionary<string, string>(), output, _children, _bench.Context(new InsideOptions { Application = options }));
    }

    private static Task<int> RunAsync(Supervisor application) =>
        application.RunAsync(() => Task.CompletedTask, () => Task.CompletedTask, CancellationToken.None).WaitAsync(TestDeadline.Value);

    private Task IsWrittenAsync(string text) =>
        Eventually.TrueAsync(() => File.Exists(Output) && File.ReadAllText(Output) == text + "\n");
}
