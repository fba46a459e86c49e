using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Ingress.Forwarding;
using ParentProxy.Tests.Simulator;

namespace ParentProxy.Tests.Ingress.Forwarding;

/// <summary>The time-outs of a try, by the clock that watches all of them.</summary>
public sealed class AttemptTests : IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    private static readonly TimeoutOptions Timeouts = new()
    {
        Idle = TimeSpan.FromSeconds(20),
        ResponseHead = TimeSpan.FromSeconds(60),
        Tunnel = TimeSpan.FromSeconds(90),
    };

    private readonly ManualTimeProvider _time = new();
    private readonly AttemptWatch _watch;
    private readonly Enclave _enclave;
    private readonly CancellationTokenSource _client = new();

    public AttemptTests()
    {
        _watch = new AttemptWatch(_time, NullLogger<AttemptWatch>.Instance);
        var options = ConfigurationLoader.Load(new ConfigurationSources
        {
            CommandLine = [new("Enclaves:0:Transport", "unix"), new("Enclaves:0:Path", "/0")],
            SystemFile = null,
            ShippedFile = null,
        }).Options!;
        var registry = new EnclaveRegistry(
            new ActiveConfiguration(options),
            new EnclaveDialer(options.Vsock, _time),
            _time,
            new EnclaveMeter(new Meter("test")),
            NullLogger<EnclaveRegistry>.Instance);
        registry.Apply(options);
        _enclave = registry.All[0];
    }

    public void Dispose()
    {
        _watch.Dispose();
        _client.Dispose();
    }

    [Fact]
    public void Connecting_ForHowLongEver_IsNotTimedHere()
    {
        using var attempt = New();

        Pass(Timeouts.Tunnel + Timeouts.Tunnel);

        AssertRuns(attempt);
        Assert.Null(_enclave.PendingEvidence);
    }

    [Fact]
    public void Sending_NothingFromTheClient_IsTheClientsFaultAfterIdle()
    {
        using var attempt = New();
        Pass(TimeSpan.FromSeconds(5));
        attempt.Connected(isReused: false, hasBody: true);

        AssertEnds(attempt, Timeouts.Idle, FailureKind.ClientIdle, "Timeouts:Idle sets the time.");
        Assert.Equal("the client sent no byte of its request body for 20 s", attempt.Failure!.Detail);
    }

    [Fact]
    public void Sending_NothingTakenByTheEnclave_IsTheEnclavesFaultAfterIdle()
    {
        using var attempt = New();
        attempt.Connected(isReused: false, hasBody: true);
        attempt.BeginWrite();
        attempt.EndWrite();
        attempt.BeginWrite();

        AssertEnds(attempt, Timeouts.Idle, FailureKind.EnclaveIdle, "Timeouts:Idle sets the time.");
    }

    [Fact]
    public void Sending_ProgressOfAnyKind_BeginsTheTimeAnew()
    {
        using var attempt = New();
        attempt.Connected(isReused: false, hasBody: true);
        foreach (var progress in (Action[])[
            attempt.Progress, () => { attempt.BeginWrite(); attempt.EndWrite(); }, () => { attempt.BeginRead(); attempt.EndRead(); }])
        {
            Pass(Timeouts.Idle - Tick);
            progress();
        }

        AssertRuns(attempt);
        AssertEnds(attempt, Timeouts.Idle, FailureKind.ClientIdle, "Timeouts:Idle sets the time.");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AwaitingHead_WithoutOne_EndsAfterResponseHead(bool hasBody)
    {
        using var attempt = New();
        attempt.Connected(isReused: false, hasBody);
        if (hasBody)
        {
            Pass(TimeSpan.FromSeconds(5));
            attempt.RequestEnded();
        }

        attempt.BeginRead();

        AssertEnds(attempt, Timeouts.ResponseHead, FailureKind.ResponseHeadTimeout, "Timeouts:ResponseHead sets the time.");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AwaitingHead_AnInterimAnswer_BeginsTheTimeAnew(bool isSent)
    {
        using var attempt = New();
        attempt.Connected(isReused: false, hasBody: false);
        for (var i = 0; i < 5; i++)
        {
            Pass(Timeouts.ResponseHead - Tick);
            attempt.Progress();
            if (!isSent)
                continue;
            attempt.BeginInterim();
            attempt.EndInterim();
        }

        AssertRuns(attempt);
        AssertEnds(attempt, Timeouts.ResponseHead, FailureKind.ResponseHeadTimeout, "Timeouts:ResponseHead sets the time.");
    }

    [Fact]
    public void AwaitingHead_AnInterimAnswerThatTheClientDoesNotTake_IsTheClientsFaultAfterIdle()
    {
        using var attempt = New();
        attempt.Connected(isReused: false, hasBody: false);
        attempt.BeginInterim();

        AssertEnds(attempt, Timeouts.Idle, FailureKind.ClientIdle, "Timeouts:Idle sets the time.");
        Assert.Null(_enclave.PendingEvidence);
    }

    [Fact]
    public void AwaitingHead_ForASecond_IsEvidenceOnceAndNoFailure()
    {
        using var attempt = New();
        attempt.Connected(isReused: false, hasBody: false);
        Pass(TimeSpan.FromSeconds(0.9));
        Assert.Null(_enclave.PendingEvidence);

        Pass(Tick);

        Assert.Equal(EvidenceKind.Slow, _enclave.TakeEvidence()!.Kind);
        Pass(TimeSpan.FromSeconds(30));
        Assert.Null(_enclave.PendingEvidence);
        AssertRuns(attempt);
    }

    [Fact]
    public void Sending_Slowly_IsNoEvidence()
    {
        using var attempt = New();
        attempt.Connected(isReused: false, hasBody: true);

        Pass(TimeSpan.FromSeconds(10));

        Assert.Null(_enclave.PendingEvidence);
    }

    [Fact]
    public void Receiving_NothingFromTheEnclave_IsTheEnclavesFaultAfterIdle()
    {
        using var attempt = New();
        attempt.Connected(isReused: false, hasBody: false);
        attempt.HeadReceived(200, isTunnel: false);
        attempt.BeginRead();

        AssertEnds(attempt, Timeouts.Idle, FailureKind.ResponseIdle, "Timeouts:Idle sets the time.");
    }

    [Fact]
    public void Receiving_NothingTakenByTheClient_IsTheClientsFaultAfterIdle()
    {
        using var attempt = New();
        attempt.Connected(isReused: false, hasBody: false);
        attempt.HeadReceived(200, isTunnel: false);

        AssertEnds(attempt, Timeouts.Idle, FailureKind.ClientIdle, "Timeouts:Idle sets the time.");
    }

    [Fact]
    public void Receiving_WhileTheRequestStillGoesOut_IsNotAwaitingAHeadAgain()
    {
        using var attempt = New();
        attempt.Connected(isReused: false, hasBody: true);
        attempt.HeadReceived(413, isTunnel: false);
        attempt.RequestEnded();

        Assert.Equal((AttemptPhase.Receiving, 413), (attempt.Phase, attempt.Status));
    }

    [Fact]
    public async Task Receiving_BegunAtTheMomentWhenTheRequestEnds_IsNotLost()
    {
        for (var i = 0; i < 20_000; i++)
        {
            using var attempt = New();
            attempt.Connected(isReused: false, hasBody: true);
            var ended = Task.Run(attempt.RequestEnded);
            attempt.HeadReceived(200, isTunnel: false);
            await ended;
            Assert.Equal(AttemptPhase.Receiving, attempt.Phase);
        }
    }

    [Fact]
    public void Tunnel_WithoutAByte_EndsAfterItsOwnTime()
    {
        using var attempt = New();
        attempt.Connected(isReused: false, hasBody: false);
        attempt.HeadReceived(101, isTunnel: true);
        Pass(Timeouts.Idle);
        attempt.Progress();

        AssertEnds(attempt, Timeouts.Tunnel, FailureKind.TunnelIdle, "Timeouts:Tunnel sets the time.");
    }

    [Fact]
    public void Client_Leaving_EndsTheTryInAnyPhaseWithoutAFailureOfItsOwn()
    {
        using var attempt = New();

        _client.Cancel();

        Assert.True(attempt.Cancellation.IsCancellationRequested);
        Assert.Null(attempt.Failure);
    }

    [Fact]
    public void Failure_NotedBefore_IsNotReplacedByATimeOut()
    {
        using var attempt = New();
        attempt.Connected(isReused: false, hasBody: false);
        attempt.Fail(new AttemptFailure(FailureKind.ClientGone, "canceled", "gone", ""));

        Pass(Timeouts.ResponseHead);

        Assert.Equal(FailureKind.ClientGone, attempt.Failure!.Kind);
    }

    [Fact]
    public void Disposed_BeforeItsTime_IsLeftInPeaceAndStopsTheClock()
    {
        var attempt = New();
        attempt.Connected(isReused: false, hasBody: false);
        Assert.Equal(1, _time.Timers);
        attempt.Dispose();

        Pass(Timeouts.ResponseHead);

        Assert.Null(attempt.Failure);
        Assert.Equal(0, _time.Timers);

        // And the next one starts it again.
        using var next = New();
        next.Connected(isReused: false, hasBody: true);
        AssertEnds(next, Timeouts.Idle, FailureKind.ClientIdle, "Timeouts:Idle sets the time.");
    }

    [Fact]
    public void Tick_WhichEndsATryThatEndsAnotherAndBeginsAThird_WatchesWhatIsLeft()
    {
        // Ends in the middle of the list, and a beginning at its head, while it is gone through.
        var attempts = Enumerable.Range(0, 5).Select(_ => New()).ToArray();
        foreach (var attempt in attempts)
            attempt.Connected(isReused: false, hasBody: true);
        Attempt? third = null;
        foreach (var one in attempts)
        {
            one.Cancellation.Register(() =>
            {
                if (third is not null)
                    return;
                third = New();
                third.Connected(isReused: false, hasBody: true);
                foreach (var other in attempts.Where(a => a != one))
                    other.Dispose();
            });
        }

        Pass(Timeouts.Idle);

        Assert.Single(attempts, attempt => attempt.Failure is not null);
        AssertRuns(third!);
        AssertEnds(third!, Timeouts.Idle, FailureKind.ClientIdle, "Timeouts:Idle sets the time.");
        third!.Dispose();
        foreach (var attempt in attempts)
            attempt.Dispose();
        Pass(Tick);
        Assert.Equal(0, _time.Timers);
    }

    [Fact]
    public async Task Watch_UsedByManyAtOnce_ForgetsEach()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(() =>
        {
            var random = new Random(worker);
            var held = new List<Attempt>();
            for (var i = 0; i < 20_000; i++)
            {
                if (held.Count < 20 && random.Next(2) == 0)
                {
                    held.Add(New());
                    held[^1].Connected(isReused: false, hasBody: true);
                }
                else if (held.Count > 0)
                {
                    var one = held[random.Next(held.Count)];
                    one.Dispose();
                    held.Remove(one);
                }

                if (worker == 0 && i % 100 == 0)
                    _time.Advance(Tick);
            }

            held.ForEach(a => a.Dispose());
        })));

        Pass(Tick);
        Assert.Equal(0, _time.Timers);
    }

    private static void AssertRuns(Attempt attempt)
    {
        Assert.Null(attempt.Failure);
        Assert.False(attempt.Cancellation.IsCancellationRequested);
    }

    private Attempt New() => new(_enclave, Timeouts, _watch, _time, _client.Token);

    /// <summary>Lets time pass as the clock of the watch does, tick by tick.</summary>
    private void Pass(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += Tick)
            _time.Advance(Tick);
    }

    private void AssertEnds(Attempt attempt, TimeSpan after, FailureKind kind, string hint)
    {
        Pass(after - Tick);
        AssertRuns(attempt);
        Pass(Tick);
        Assert.True(attempt.Cancellation.IsCancellationRequested);
        Assert.Equal((kind, "timeout", hint), (attempt.Failure!.Kind, attempt.Failure.Code, attempt.Failure.Hint));
    }
}
