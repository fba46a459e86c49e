using System.Text.Json;
using ParentProxy.Commands.Ping;
using ParentProxy.Tests.Hosting;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Commands;

/// <summary><c>parent-proxy ping</c>.</summary>
public sealed class PingTests
{
    [Fact]
    public async Task EnclaveThatAnswers_Is0WithALineEachAndStatistics()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var process = ProxyProcess.Start(new ProxyStart(), "ping", enclave.EndPoint, "-c", "3", "-i", "0.01", "-W", "60");

        Assert.Equal(0, await process.ExitAsync());
        Assert.Equal(3, process.Out.All.Count(line => line.StartsWith($"{enclave.EndPoint}: seq=", StringComparison.Ordinal)
            && line.Contains(" dial=", StringComparison.Ordinal) && line.Contains(" status=200 ", StringComparison.Ordinal)));
        Assert.Contains("3 sent, 3 ok, 0 failed, 0 % loss", process.Out.All);
        Assert.Matches(@"^min/avg/p50/p99/max (\d+\.\d{3}/){4}\d+\.\d{3} ms$", process.Out.All[^1]);
    }

    [Fact]
    public async Task NobodyThere_Is1WithTheErrnoAndWhatItMeans()
    {
        using var closed = new ClosedPort();
        await using var process = ProxyProcess.Start(new ProxyStart(), "ping", closed.EndPoint, "-c", "2", "-i", "0.01", "--connect");

        Assert.Equal(1, await process.ExitAsync());
        Assert.Contains("ECONNREFUSED", process.Out.All[0], StringComparison.Ordinal);
        Assert.Contains("nobody listens on this port", process.Out.All[0], StringComparison.Ordinal);
        Assert.Contains("2 sent, 0 ok, 2 failed, 100 % loss", process.Out.All);
    }

    [Fact]
    public async Task WithoutATarget_EveryEnclaveOfTheConfigurationIsAsked()
    {
        await using var enclave = await TestEnclave.StartAsync();
        using var closed = new ClosedPort();
        var configuration = $$"""
            { "Enclaves": [ { "Id": "up", "Transport": "unix", "Path": "{{enclave.EndPoint["unix:".Length..]}}" },
                            { "Id": "down", "Transport": "tcp", "TcpHost": "127.0.0.1", "Port": {{closed.EndPoint.Split(':')[^1]}} } ] }
            """;
        await using var process = ProxyProcess.Start(
            new ProxyStart { Configuration = configuration }, "ping", "-c", "1", "--json", "-W", "60");

        Assert.Equal(0, await process.ExitAsync());
        var lines = process.Out.All.Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(["up", "down"], lines.Take(2).Select(line => line.GetProperty("enclave").GetString()));
        Assert.Equal([true, false], lines.Take(2).Select(line => line.GetProperty("ok").GetBoolean()));
        Assert.Equal([1, 0], lines[2].GetProperty("statistics").EnumerateArray().Select(one => one.GetProperty("ok").GetInt32()));
    }

    [Fact]
    public async Task Signal_EndsItWithTheStatistics()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var process = ProxyProcess.Start(new ProxyStart(), "ping", enclave.EndPoint, "-i", "0.01", "-W", "60");
        await process.Out.WaitAsync("seq=2");

        Assert.Equal(0, await process.StopAsync(Signal.Int));
        Assert.Contains("sent", process.Out.All[^2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "'x' is not a number of rounds", "-c", "x")]
    [InlineData(2, "'0' is not a number of rounds", "-c", "0")]
    [InlineData(2, "-i: '-3' is not a number of seconds", "-i", "-3")]
    [InlineData(2, "none of vsock://CID:PORT", "ftp://a")]
    [InlineData(1, "no enclave has the Id or Name 'b'; there are 0", "b")]
    public async Task WrongUsage_SaysWhatIsWrong(int code, string message, params string[] arguments)
    {
        await using var process = ProxyProcess.Start(
            new ProxyStart { Configuration = """{ "Enclaves": [ { "Transport": "unix", "Path": "/nonexistent" } ] }""" },
            ["ping", .. arguments]);

        Assert.Equal(code, await process.ExitAsync());
        Assert.Contains(message, process.Error.ToString(), StringComparison.Ordinal);
    }

    // Who mistypes a setting must not be taken for one that has none, and dial.
    [Fact]
    public async Task MistakeInWhatWasGiven_DialsNobody()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var process = ProxyProcess.Start(new ProxyStart(), "ping", enclave.EndPoint, "-c", "1", "--Health:Prob:Path=/x");

        Assert.Equal(1, await process.ExitAsync());
        Assert.Contains("Health:Prob", process.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(process.Out.All);
    }

    [Fact]
    public void Statistics_AreOfThoseThatSucceeded()
    {
        var statistics = PingStatistics.Of([.. Enumerable.Range(1, 200).Select(i => Shot(i, ok: i % 2 == 0))]);

        Assert.Equal((200, 100, 100, 50.0), (statistics.Sent, statistics.Ok, statistics.Failed, statistics.LossPercent));
        Assert.Equal(
            (2.0, 101.0, 100.0, 198.0, 200.0),
            (statistics.MinMs, statistics.AverageMs, statistics.P50Ms, statistics.P99Ms, statistics.MaxMs));
    }

    [Fact]
    public void Statistics_WithoutAnySuccess_HaveNoTimes()
    {
        var statistics = PingStatistics.Of([Shot(1, ok: false)]);

        Assert.Equal(100, statistics.LossPercent);
        Assert.Null(statistics.MinMs ?? statistics.P99Ms ?? statistics.AverageMs);
    }

    private static PingShot Shot(int sequence, bool ok) => new("0", "unix:/x", sequence, ok, 1, sequence, null, ok ? null : "ENOENT", "");
}
