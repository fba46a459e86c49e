using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Passthrough;

/// <summary>What operators are told of passthrough: log, metrics, health, status page.</summary>
public sealed class ReportTests
{
    [Fact]
    public async Task Log_All_HasALineThatSaysEverything()
    {
        await using var enclave = PassthroughExtensions.Echo("you said ");
        await using var proxy = await PassthroughExtensions.StartAsync(enclave, "Enclaves:0:Name=echo");

        await proxy.AskRawAsync("hi");

        var line = await proxy.Log.WaitForAsync(entry => entry.Message.Contains(" is over after ", StringComparison.Ordinal));
        Assert.Equal(LogLevel.Information, line.Level);
        Assert.Matches(
            @"^Connection of 127\.0\.0\.1:\d+ on 127\.0\.0\.1:0 to enclave 0 \(echo, " + Regex.Escape(enclave.EndPoint)
                + @"\) is over after 00:00:0\d[\d.]*: the client closed it\. 3 bytes from the client, 12 from the enclave$",
            line.Message);
    }

    [Fact]
    public async Task Log_All_LeavesOutWhoSaidNothing()
    {
        await using var enclave = PassthroughExtensions.Echo();
        await using var proxy = await PassthroughExtensions.StartAsync(enclave);
        await using (var check = await proxy.ConnectRawAsync())
            await Eventually.TrueAsync(() => enclave.Accepted == 1);

        await proxy.HasOpenAsync(0);
        await proxy.AskRawAsync("x");
        await proxy.Log.WaitForAsync(entry => entry.Message.Contains(" is over after ", StringComparison.Ordinal));

        Assert.Single(proxy.Log.Entries, entry => entry.Message.Contains(" is over after ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("all", 2)]
    [InlineData("errors", 1)]
    [InlineData("off", 0)]
    public async Task Log_Modes_WriteAsMuchAsTheySay(string mode, int lines)
    {
        await using var enclave = PassthroughExtensions.Echo();
        await using var proxy = await PassthroughExtensions.StartAsync(enclave, $"Passthrough:0:Log={mode}");
        await proxy.AskRawAsync("x");
        await proxy.HasOpenAsync(0);
        await using (var client = await proxy.ConnectRawAsync())
        {
            await client.AskAsync("x");
            client.Reset();
            await proxy.HasOpenAsync(0);
        }

        await Eventually.TrueAsync(() => proxy.Server.Passthrough.Open[0].Counts.TotalEnded == 2);
        var written = proxy.Log.Entries.Where(entry => entry.Message.Contains(" is over after ", StringComparison.Ordinal)).ToList();

        Assert.Equal(lines, written.Count);
        if (lines > 0)
            Assert.Contains("the client's connection broke (ECONNRESET)", written[^1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_AfterTheFact_HaveTheirNamesLabelsAndValues()
    {
        await using var enclave = PassthroughExtensions.Echo();
        await using var proxy = await PassthroughExtensions.StartAsync(enclave, "Passthrough:0:MaxConnectionsPerSource=1");
        await using (var client = await proxy.ConnectRawAsync())
        {
            await client.AskAsync("hello");
            await using var refused = await proxy.ConnectRawAsync();
            await refused.AssertResetAsync();
            await proxy.HasOpenAsync(1);
            await AssertMetricsAsync(proxy, "open_connections{L} 1");
        }

        await proxy.HasOpenAsync(0);
        await AssertMetricsAsync(
            proxy,
            "open_connections{L} 0",
            "connections_total{enclave=\"0\",end=\"client\",L} 1",
            "refused_total{L,reason=\"source_limit\"} 1",
            "refused_total{L,reason=\"limit\"} 0",
            "bytes_total{from=\"client\",L} 6",
            "bytes_total{from=\"enclave\",L} 6",
            "connect_duration_seconds_count{enclave=\"0\"} 1",
            "connection_duration_seconds_count{enclave=\"0\"} 1");
    }

    [Fact]
    public async Task Metrics_OfAConnectionThatGoesOn_CountItsBytesMeanwhile()
    {
        await using var enclave = PassthroughExtensions.Echo();
        await using var proxy = await PassthroughExtensions.StartAsync(enclave);
        await using var client = await proxy.ConnectRawAsync();
        await client.AskAsync("hello");

        await Eventually.TrueAsync(() => proxy.Server.Passthrough.Open[0].Counts is { BytesFromClients: 6, BytesFromEnclaves: 6 });
        Assert.Equal("x", await client.AskAsync("x"));
    }

    [Fact]
    public async Task Health_OfTheAdmin_ListsTheListeners()
    {
        using var directory = new TemporaryDirectory();
        await using var enclave = PassthroughExtensions.Echo();
        await using var proxy = await PassthroughExtensions.StartAsync(
            enclave, $"Passthrough:1:Listen=unix:{directory.File("x.sock")}", "Passthrough:1:To=enclaves");
        await using var client = await proxy.ConnectRawAsync();
        await client.AskAsync("x");

        var listeners = (await proxy.HealthAsync()).GetProperty("listeners").EnumerateArray()
            .ToDictionary(listener => listener.GetProperty("endpoint").GetString()!);

        Assert.Equal(3, listeners.Count);
        var raw = listeners[proxy.Server.Passthrough.EndPoints[0]];
        Assert.Equal((true, 1, 0), (
            raw.GetProperty("accepting").GetBoolean(), raw.GetProperty("connections").GetInt32(), raw.GetProperty("rejected").GetInt32()));
        Assert.True(listeners[$"unix:{directory.File("x.sock")}"].GetProperty("accepting").GetBoolean());
    }

    [Fact]
    public async Task StatusPage_ListsTheListenersAndWhereTheyLead()
    {
        await using var enclave = PassthroughExtensions.Echo();
        await using var proxy = await PassthroughExtensions.StartAsync(
            enclave, "Passthrough:1:Listen=127.0.0.2:0", "Passthrough:1:Sni:a.example=enclave://0", "Passthrough:1:Sni:default=reject");

        var page = await proxy.Admin.GetStringAsync("/");

        Assert.Contains("<section id=\"passthrough\"", page, StringComparison.Ordinal);
        Assert.Contains($"<code>{proxy.Server.Passthrough.EndPoints[0]}</code>", page, StringComparison.Ordinal);
        Assert.Contains(
            "<code>a.example</code> → <code>enclave://0</code><br>else → <code>reject</code>", page, StringComparison.Ordinal);
    }

    private static async Task AssertMetricsAsync(TestProxy proxy, params string[] expected)
    {
        var lines = (await proxy.Admin.GetStringAsync("/metrics")).Split('\n')
            .Where(line => line.StartsWith("parentproxy_passthrough_", StringComparison.Ordinal))
            .Select(line => line["parentproxy_passthrough_".Length..]
                .Replace("otel_scope_name=\"ParentProxy\",", "", StringComparison.Ordinal)
                .Replace("listener=\"127.0.0.1:0\"", "L", StringComparison.Ordinal))
            .ToList();

        var missing = expected.Except(lines).ToList();
        Assert.True(missing.Count == 0, $"{string.Join('\n', missing)}\nis not in\n{string.Join('\n', lines)}");
    }
}
