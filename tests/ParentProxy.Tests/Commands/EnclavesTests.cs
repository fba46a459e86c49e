using System.Text.Json;
using ParentProxy.Tests.Enclaves.Discovery;
using ParentProxy.Tests.Hosting;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Commands;

/// <summary><c>parent-proxy enclaves</c>.</summary>
public sealed class EnclavesTests
{
    [Fact]
    public async Task ProxyRuns_ItsRegistryIsATable()
    {
        await using var enclave = await TestEnclave.StartAsync();
        var configuration = $$"""
            { "Enclaves": [ { "Id": "up", "Name": "proof", "Transport": "unix", "Path": "{{enclave.EndPoint["unix:".Length..]}}" },
                            { "Id": "down", "Transport": "unix", "Path": "/nonexistent/a.sock" } ] }
            """;
        await using var running = await ProxyProcess.Run(configuration).ReadyAsync();
        var admin = $"--Admin:Url={running.AdminUrl.GetLeftPart(UriPartial.Authority)}";

        await using var table = ProxyProcess.Start(new ProxyStart { Configuration = configuration }, "enclaves", admin);
        Assert.Equal(0, await table.ExitAsync());
        Assert.StartsWith("ID    NAME   ENDPOINT", table.Out.All[0], StringComparison.Ordinal);
        Assert.Matches("^up    proof  unix:.* +healthy +.*200 in ", table.Out.All[1]);
        Assert.Matches("^down  down   unix:/nonexistent/a.sock +unhealthy .* ENOENT ", table.Out.All[2]);

        await using var json = ProxyProcess.Start(new ProxyStart { Configuration = configuration }, "enclaves", "--json", admin);
        Assert.Equal(0, await json.ExitAsync());
        var (_, answer) = await running.AdminAsync("/enclaves");
        using var printed = JsonDocument.Parse(json.Out.ToString());
        Assert.Equal(Names(answer), Names(printed.RootElement));
    }

    [Fact]
    public async Task NoProxyRuns_TheConfigurationAndNitroCliAreMergedAndMarked()
    {
        using var nitroCli = new FakeNitroCli();
        nitroCli.Tell(FakeNitroCli.Enclave("proof-server", 16), FakeNitroCli.Enclave("other", 19));
        var start = new ProxyStart
        {
            Configuration = """
                { "Enclaves": [ { "Id": "0", "Name": "proof", "Cid": 16, "Port": 6300 }, { "Id": "1", "Cid": 17, "Port": 6300 } ],
                  "Admin": { "Url": "http://127.0.0.1:1" } }
                """,
        };

        await using var table = ProxyProcess.Start(start, "enclaves", $"--Discovery:NitroCli={nitroCli.Program}");
        Assert.Equal(0, await table.ExitAsync());
        Assert.Equal(
            """
            ID  NAME   ENDPOINT         FROM           NITRO-CLI
            0   proof  vsock://16:6300  configuration  RUNNING at CID 16
            1   1      vsock://17:6300  configuration  none at this CID
            -   other  vsock://19       nitro-cli      RUNNING at CID 19
            """,
            string.Join('\n', table.Out.All));
        Assert.Contains("no proxy answers on http://127.0.0.1:1", table.Error.ToString(), StringComparison.Ordinal);

        await using var json = ProxyProcess.Start(start, "enclaves", "--json", $"--Discovery:NitroCli={nitroCli.Program}");
        Assert.Equal(0, await json.ExitAsync());
        using var printed = JsonDocument.Parse(json.Out.ToString());
        Assert.False(printed.RootElement.GetProperty("running").GetBoolean());
        Assert.Equal(["0", "1", null], Names(printed.RootElement));
    }

    [Theory]
    [InlineData("the configuration (", """{ "Admin": { "Url": "ADMIN" }, "Timeouts": { "Drian": "soon" } }""")]
    [InlineData("line 1", """{ "Admin" """)]
    public async Task ConfigurationWithMistakes_DoesNotHideTheRunningProxy(string note, string mistaken)
    {
        await using var running = await ProxyProcess.Run(
            """{ "Enclaves": [ { "Id": "a", "Transport": "unix", "Path": "/nonexistent/a.sock" } ] }""").ReadyAsync();
        var admin = running.AdminUrl.GetLeftPart(UriPartial.Authority);
        string[] setting = mistaken.Contains("ADMIN", StringComparison.Ordinal) ? [] : [$"--Admin:Url={admin}"];

        await using var table = ProxyProcess.Start(
            new ProxyStart { Configuration = mistaken.Replace("ADMIN", admin, StringComparison.Ordinal) }, ["enclaves", .. setting]);

        Assert.Equal(0, await table.ExitAsync());
        Assert.StartsWith("a   a     unix:/nonexistent/a.sock", table.Out.All[1], StringComparison.Ordinal);
        Assert.Contains(note, table.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConfigurationWithMistakesAndNoRunningProxy_Is1()
    {
        await using var table = ProxyProcess.Start(
            new ProxyStart { Configuration = """{ "Admin": { "Url": "http://127.0.0.1:1" }, "Timeouts": { "Drian": "soon" } }""" },
            "enclaves");

        Assert.Equal(1, await table.ExitAsync());
        Assert.Contains("Timeouts:Drian", table.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(table.Out.All);
    }

    private static List<string?> Names(JsonElement list) =>
        [.. list.GetProperty("enclaves").EnumerateArray().Select(enclave => enclave.GetProperty("id").GetString())];
}
