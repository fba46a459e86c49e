using System.Diagnostics;
using System.Net.Sockets;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Hosting;

/// <summary>The end of the service.</summary>
public sealed class StopTests
{
    [Fact]
    public async Task Term_FailsHealthAtOnce_GoesOnAccepting_AnswersWhatIsInFlight()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        await using var process = ProxyProcess.Run(Settings.With(new { Timeouts = new { DrainDelay = "00:00:10" } }, enclaves[0].EndPoint));
        await process.ReadyAsync();
        using var idle = new KeepAliveClient(process.Url);
        await idle.ConnectAsync();
        // Whatever is asked before it answers is asked while the proxy drains; long, because a busy machine asks slowly.
        var slow = process.ServedByAsync("/slow?ms=18000");
        await Eventually.TrueAsync(() => enclaves[0].Requests == 1, () => "the request does not reach the enclave");

        process.Signal(Signal.Term);
        await process.HealthBecomesAsync("""{"status":"draining","healthy":1,"total":1}""");
        Assert.Equal(503, (await process.GetAsync("/health")).Status);
        Assert.Equal("blue", await process.ServedByAsync());
        Assert.Equal(503, (await process.AdminAsync("/health")).Status);
        Assert.Equal(503, (await process.AdminAsync("/health/ready")).Status);

        // The port closes; who was accepted before still gets an answer, the last of its connection.
        await Eventually.TrueAsync(async () => await idle.GetAsync("/echo") == (200, true), () => "the connection stays open");
        await Eventually.TrueAsync(() => IsRefusedAsync(process.Url), () => "the port stays open");
        Assert.Equal(200, (await process.AdminAsync("/health/live")).Status);
        Assert.Equal("blue", await slow);

        Assert.Equal(0, await process.ExitAsync());
        Assert.Contains("every request in flight was finished", process.Out.ToString(), StringComparison.Ordinal);
        Assert.Contains("Stopping on SIGTERM", process.Out.ToString(), StringComparison.Ordinal);
        Assert.Empty(process.Error.All);
    }

    [Fact]
    public async Task Term_UnderKeepAliveLoad_LosesNoRequest()
    {
        await using var enclaves = await Enclaves.StartAsync("blue", "green");
        await using var process = ProxyProcess.Run(Settings.With(new { Timeouts = new { } }, enclaves[0].EndPoint, enclaves[1].EndPoint));
        await process.ReadyAsync();
        var answered = 0;
        var clients = Enumerable.Range(0, 16).Select(_ => LoadAsync()).ToList();
        await Eventually.TrueAsync(() => Volatile.Read(ref answered) > 200, () => "no load");

        Assert.Equal(0, await process.StopAsync(Signal.Term));
        await Task.WhenAll(clients);

        async Task LoadAsync()
        {
            using var client = new KeepAliveClient(process.Url);
            while (true)
            {
                if (!client.IsConnected)
                {
                    try
                    {
                        await client.ConnectAsync();
                    }
                    catch (SocketException)
                    {
                        return;
                    }
                }

                // A request that is lost throws.
                Assert.Equal(200, (await client.GetAsync("/slow?ms=5")).Status);
                Interlocked.Increment(ref answered);
            }
        }
    }

    [Theory]
    [InlineData("Int", "SIGINT")]
    [InlineData("Quit", "SIGQUIT")]
    public async Task OtherSignals_StopToo(string signal, string name)
    {
        using var closed = new ClosedPort();
        await using var process = ProxyProcess.Run(Settings.For(closed.EndPoint));
        await process.ReadyAsync();

        Assert.Equal(0, await process.StopAsync(Enum.Parse<Signal>(signal)));
        Assert.Contains($"Stopping on {name}", process.Out.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Term")]
    [InlineData("Int")]
    public async Task SecondSignal_EndsAtOnce(string second)
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        await using var process = ProxyProcess.Run(Settings.With(
            new { Timeouts = new { DrainDelay = "00:00:20", Drain = "00:10:00" } }, enclaves[0].EndPoint));
        await process.ReadyAsync();
        var hanging = process.GetAsync("/hang");
        await Eventually.TrueAsync(() => enclaves[0].Requests == 1, () => "the request does not reach the enclave");
        var first = Stopwatch.GetTimestamp();
        process.Signal(Signal.Term);
        await process.HealthBecomesAsync("""{"status":"draining","healthy":1,"total":1}""");

        // Within a second it would be the first one still.
        await Eventually.TrueAsync(() => Stopwatch.GetElapsedTime(first) > TimeSpan.FromSeconds(1.2));
        var asked = Stopwatch.GetTimestamp();
        Assert.NotEqual(0, await process.StopAsync(Enum.Parse<Signal>(second)));
        Assert.InRange(Stopwatch.GetElapsedTime(asked).TotalSeconds, 0, 15);
        await Assert.ThrowsAsync<HttpRequestException>(() => hanging);
    }

    [Theory]
    [InlineData("Term", "SIGTERM")]
    [InlineData("Int", "SIGINT")]
    public async Task SignalThatComesTwice_AsFromTimeout_StopsInOrder(string signal, string name)
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        var settings = Settings.With(new { Timeouts = new { DrainDelay = "00:00:00.5" } }, enclaves[0].EndPoint);
        await using var process = ProxyProcess.Run(settings);
        await process.ReadyAsync();
        var slow = process.ServedByAsync("/slow?ms=2000");
        await Eventually.TrueAsync(() => enclaves[0].Requests == 1, () => "the request does not reach the enclave");

        process.Signal(Enum.Parse<Signal>(signal));
        process.Signal(Enum.Parse<Signal>(signal));

        Assert.Equal("blue", await slow);
        Assert.Equal(0, await process.ExitAsync());
        Assert.Contains($"Stopping on {name}", process.Out.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("Second", process.Out.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drain_Over_CutsOffAndSaysSo()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        await using var process = ProxyProcess.Run(
            Settings.With(new { Timeouts = new { DrainDelay = "00:00:00", Drain = "00:00:01.5" } }, enclaves[0].EndPoint));
        await process.ReadyAsync();
        var hanging = process.GetAsync("/hang");
        await Eventually.TrueAsync(() => enclaves[0].Requests == 1, () => "the request does not reach the enclave");

        Assert.Equal(0, await process.StopAsync(Signal.Term));
        await Assert.ThrowsAsync<HttpRequestException>(() => hanging);
        Assert.Contains("have been cut off", process.Out.ToString(), StringComparison.Ordinal);
        var line = Assert.Single(process.Out.All, text => text.Contains("\"path\":\"/hang\"", StringComparison.Ordinal));
        Assert.Contains("\"failure\":\"stopped\"", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Term_DuringTheFirstRound_Stops()
    {
        using var silent = new FreePort();
        await using var process = ProxyProcess.Run(
            Settings.With(new { Health = new { Probe = new { Timeout = "00:01:00" } } }, $"tcp://127.0.0.1:{silent.Number}"));
        await process.StartedAsync();

        Assert.Equal(0, await process.StopAsync(Signal.Term));
        Assert.DoesNotContain("First round", process.Out.ToString(), StringComparison.Ordinal);
    }

    private static async Task<bool> IsRefusedAsync(Uri url)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(url.Host, url.Port);
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
