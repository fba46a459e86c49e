using System.Text.Json;
using Microsoft.Extensions.Logging;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress;

/// <summary>Every way in which a tunnel ends has its word, in the access log and in the metrics; only cut-off ones are errors.</summary>
public sealed class TunnelEndTests : IDisposable
{
    private const string Upgrade =
        "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    private const string Switched = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

    private readonly AccessLines _lines = new();

    public void Dispose() => _lines.Dispose();

    [Theory]
    [InlineData(false, "EOF")]
    [InlineData(true, "ECONNRESET")]
    public async Task EnclaveDies_IsCutOffByTheEnclave(bool isReset, string code)
    {
        await using var enclave = Enclave(async connection =>
        {
            await connection.SendAsync(Frame(0x82, "hello", isMasked: false));
            await connection.ReadExactlyAsync(6 + 4);
            if (isReset)
                connection.Reset();
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, _lines.Settings());
        await using var client = await OpenAsync(proxy);
        await client.ReadExactlyAsync(2 + 5);
        await client.SendAsync(Frame(0x81, "ping", isMasked: true));

        await client.ReadToEndAsync();

        // The client has not closed its side.
        var line = await AssertEndAsync(proxy, "cut_by_enclave");
        Assert.Equal((101, code, 10, 7), (
            line.GetProperty("status").GetInt32(),
            Text(line, "failure"),
            line.GetProperty("requestBytes").GetInt32(),
            line.GetProperty("responseBytes").GetInt32()));
        Assert.Contains("cut off by the enclave", Text(line, "detail"), StringComparison.Ordinal);
        Assert.Contains(
            proxy.Log.AtLeast(LogLevel.Warning), entry => entry.Message.Contains("cut off by the enclave", StringComparison.Ordinal)
                && entry.Message.Contains(Text(line, "requestId")!, StringComparison.Ordinal));
    }

    [Fact]
    public async Task EnclaveEndsWithoutAnyFrame_IsCutOffByTheEnclave()
    {
        await using var enclave = Enclave(_ => Task.CompletedTask);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, _lines.Settings());
        await using var client = await OpenAsync(proxy);

        await client.ReadToEndAsync();

        await AssertEndAsync(proxy, "cut_by_enclave");
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task CloseFrame_HasGone_IsInOrderWhoeverEndsHoweverThen(bool isTheClients, bool isReset)
    {
        await using var enclave = Enclave(async connection =>
        {
            if (isTheClients)
                await connection.ReadExactlyAsync(6 + 2);
            else
                await connection.SendAsync(Frame(0x88, "\u0003\u00e8", isMasked: false));
            if (!isTheClients)
                await connection.ReadExactlyAsync(1);
            if (isReset)
                connection.Reset();
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, _lines.Settings("all"));
        await using var client = await OpenAsync(proxy);
        if (isTheClients)
        {
            await client.SendAsync(Frame(0x88, "\u0003\u00e8", isMasked: true));
        }
        else
        {
            await client.ReadExactlyAsync(2 + 2);
            await client.SendAsync(Frame(0x88, "\u0003\u00e8", isMasked: true));
        }

        await client.ReadToEndAsync();
        await client.DisposeAsync();

        var line = await AssertEndAsync(proxy, "closed");
        Assert.Null(Text(line, "failure"));
        Assert.DoesNotContain(proxy.Log.AtLeast(LogLevel.Warning), _ => true);
    }

    [Fact]
    public async Task Frames_InPiecesOfAnySize_AreFollowed()
    {
        byte[] frames = [
            .. Frame(0x02, new string('a', 200), isMasked: false),
            .. Frame(0x89, "p", isMasked: false),
            .. Frame(0x80, new string('b', 70_000), isMasked: false),
            .. Frame(0x88, "", isMasked: false)];
        await using var enclave = Enclave(async connection =>
        {
            await connection.SendAsync(frames.AsMemory(0, 3));
            await connection.SendAsync(frames.AsMemory(3, frames.Length - 4));
            await connection.SendAsync(frames.AsMemory(frames.Length - 1));
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, _lines.Settings("all"));
        await using var client = await OpenAsync(proxy);

        Assert.Equal(frames, (await client.ReadToEndAsync()).Received);
        await client.DisposeAsync();

        await AssertEndAsync(proxy, "closed");
    }

    [Fact]
    public async Task BytesThatAreNoFrames_EndedByTheirSockets_AreInOrder()
    {
        await using var enclave = Enclave(async connection => await connection.SendAsync("plain text"));
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, _lines.Settings("all"));
        await using var client = await OpenAsync(proxy);

        await client.ReadToEndAsync();
        await client.DisposeAsync();

        await AssertEndAsync(proxy, "closed");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ClientLeaves_IsCutOffByTheClientAndNoError(bool isReset)
    {
        await using var enclave = Enclave(async connection => await connection.ReadToEndAsync());
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, _lines.Settings("all"));
        await using (var client = await OpenAsync(proxy))
        {
            if (isReset)
                client.Reset();
        }

        await AssertEndAsync(proxy, "cut_by_client");
        Assert.DoesNotContain(proxy.Log.AtLeast(LogLevel.Warning), _ => true);
    }

    [Fact]
    public async Task NothingMoves_IsATimeout()
    {
        await using var enclave = Enclave(async connection => await connection.ReadToEndAsync());
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, [.. _lines.Settings("all"), "Timeouts:Tunnel=00:00:00.200"]);
        await using var client = await OpenAsync(proxy);

        await client.ReadToEndAsync();

        Assert.Equal("timeout", Text(await AssertEndAsync(proxy, "timeout"), "failure"));
    }

    [Fact]
    public async Task EnclaveRemoved_IsThat()
    {
        await using var enclave = Enclave(async connection => await connection.ReadToEndAsync());
        await using var other = ScriptedEnclave.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, [.. _lines.Settings(), "Timeouts:Drain=00:00:00.100"]);
        await using var client = await OpenAsync(proxy);

        proxy.ApplyWithout("Enclaves:", TestProxy.Enclave(1, other.EndPoint));
        await client.ReadToEndAsync();

        await AssertEndAsync(proxy, "enclave_removed");
    }

    [Fact]
    public async Task ProgramStops_IsThat()
    {
        await using var enclave = Enclave(async connection => await connection.ReadToEndAsync());
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, [.. _lines.Settings("all"), "Timeouts:Drain=00:00:00.100"]);
        await using var client = await OpenAsync(proxy);

        var stopping = proxy.StopAsync();
        await client.ReadToEndAsync();

        Assert.False(await stopping);
        await AssertEndAsync(proxy, "stopped");
    }

    private static ScriptedEnclave Enclave(Func<WireConnection, Task> script) => ScriptedEnclave.Start(async connection =>
    {
        await connection.ReadHeadAsync();
        await connection.SendAsync(Switched);
        await script(connection);
    });

    private static async Task<WireConnection> OpenAsync(TestProxy proxy)
    {
        var client = await proxy.ConnectAsync();
        await client.SendAsync(Upgrade);
        Assert.Equal(101, (await client.ReadHeadAsync())!.Status);
        return client;
    }

    /// <summary>A frame (RFC 6455 §5.2), whose mask changes nothing.</summary>
    private static byte[] Frame(byte first, string payload, bool isMasked)
    {
        var mask = (byte)(isMasked ? 0x80 : 0);
        var length = payload.Length;
        byte[] head = length switch
        {
            < 126 => [(byte)(mask | length)],
            < 65536 => [(byte)(mask | 126), (byte)(length >> 8), (byte)length],
            _ => [(byte)(mask | 127), 0, 0, 0, 0, (byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length],
        };
        return [first, .. head, .. new byte[isMasked ? 4 : 0], .. System.Text.Encoding.Latin1.GetBytes(payload)];
    }

    private static string? Text(JsonElement line, string key) => line.TryGetProperty(key, out var value) ? value.GetString() : null;

    private async Task<JsonElement> AssertEndAsync(TestProxy proxy, string end)
    {
        var line = Assert.Single(await _lines.ReadAsync());
        Assert.Equal(end, Text(line, "tunnel"));
        Assert.Equal([(end, 1L)], proxy.Server.Registry.Meter.Of("0").Tunnels.Read());
        return line;
    }
}
