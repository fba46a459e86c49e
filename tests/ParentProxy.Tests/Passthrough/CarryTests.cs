using System.Security.Cryptography;
using System.Threading.Channels;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Passthrough;

/// <summary>Bytes through the real proxy, to each kind of enclave and each form of target.</summary>
public sealed class CarryTests
{
    [Theory]
    [InlineData("tcp")]
    [InlineData("unix")]
    [InlineData("hybrid")]
    public async Task Connect_ToAnEnclave_CarriesBytesAsTheyAre(string transport)
    {
        await using var enclave = await TestEnclave.StartAsync(transport);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, PassthroughExtensions.ToEnclaves);
        await using var connection = await proxy.ConnectRawAsync();

        await connection.SendAsync("GET /echo HTTP/1.1\r\nHost: a.example\r\nX-Odd:   two  spaces\r\n\r\n");

        var echo = Echo.Parse(await connection.ReadMessageAsync());
        Assert.Contains("X-Odd", echo.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Connect_MuchInBothDirections_ArrivesWholeAndIsCounted()
    {
        var received = new TaskCompletionSource<byte[]>();
        var (there, back) = (RandomNumberGenerator.GetBytes(5_000_000), RandomNumberGenerator.GetBytes(5_000_000));
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            var sending = connection.SendAsync(back);
            received.SetResult((await connection.ReadToEndAsync()).Received);
            await sending;
            connection.ShutdownSend();
        });
        await using var proxy = await PassthroughExtensions.StartAsync(enclave);
        await using var client = await proxy.ConnectRawAsync();

        var sending = client.SendAsync(there);
        var reading = client.ReadToEndAsync();
        await sending;
        client.ShutdownSend();
        var answer = await reading;

        Assert.False(answer.Reset);
        Assert.Equal(SHA256.HashData(back), SHA256.HashData(answer.Received));
        Assert.Equal(SHA256.HashData(there), SHA256.HashData(await received.Task));
        await proxy.HasOpenAsync(0);
        var counts = proxy.Server.Passthrough.Open[0].Counts;
        Assert.Equal((there.Length, back.Length), (counts.BytesFromClients, counts.BytesFromEnclaves));
    }

    [Fact]
    public async Task Connect_ClientEndsItsDirection_GetsTheAnswer()
    {
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            var (asked, _) = await connection.ReadToEndAsync();
            await connection.SendAsync($"{asked.Length} bytes");
        });
        await using var proxy = await PassthroughExtensions.StartAsync(enclave);
        await using var client = await proxy.ConnectRawAsync();

        await client.SendAsync("all of it");
        client.ShutdownSend();

        Assert.Equal(("9 bytes", false), await client.ReadTextToEndAsync());
    }

    [Fact]
    public async Task Connect_EnclaveSpeaksFirst_IsHeard()
    {
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.SendAsync("220 welcome\r\n");
            await connection.ReadToEndAsync();
        });
        await using var proxy = await PassthroughExtensions.StartAsync(enclave);
        await using var client = await proxy.ConnectRawAsync();

        Assert.Equal("220 welcome", await client.ReadLineAsync());
    }

    [Fact]
    public async Task Reset_OfEitherSide_IsAResetOfTheOther()
    {
        var enclaves = Channel.CreateUnbounded<WireConnection>();
        await using var enclave = PassthroughExtensions.Handing(connection => enclaves.Writer.TryWrite(connection));
        await using var proxy = await PassthroughExtensions.StartAsync(enclave);
        for (var i = 0; i < 2; i++)
        {
            await using var client = await proxy.ConnectRawAsync();
            await client.SendAsync("x\n");
            var far = await enclaves.Reader.ReadAsync();
            await far.ReadLineAsync();

            (i == 0 ? client : far).Reset();

            await (i == 0 ? far : client).AssertResetAsync();
        }

        await proxy.HasOpenAsync(0);
    }

    [Fact]
    public async Task Targets_OfEveryForm_LeadWhereTheySay()
    {
        using var directory = new TemporaryDirectory();
        await using var one = PassthroughExtensions.Echo("one ");
        await using var two = PassthroughExtensions.Echo("two ");
        await using var other = PassthroughExtensions.Echo("other ");
        await using var unix = PassthroughExtensions.Echo(
            "unix ", new System.Net.Sockets.UnixDomainSocketEndPoint(directory.File("x.sock")));
        await using var proxy = await TestProxy.StartAsync(
            [
                .. TestProxy.Enclave(0, one.EndPoint), "Enclaves:0:Name=first",
                .. TestProxy.Enclave(1, two.EndPoint), "Enclaves:1:Name=second",
                "Health:Probe:Enabled=false",
                "Passthrough:0:Listen=127.0.0.1:0", "Passthrough:0:To=enclave://second",
                $"Passthrough:1:Listen=unix:{directory.File("listen.sock")}", "Passthrough:1:To=enclave://0",
                "Passthrough:2:Listen=[::1]:0", $"Passthrough:2:To=unix://{directory.File("x.sock")}",
                "Passthrough:3:Listen=127.0.0.2:0", $"Passthrough:3:To={other.EndPoint}",
                "Passthrough:4:Listen=127.0.0.3:0", "Passthrough:4:To=enclave://f*",
                $"Passthrough:4:Port={new Uri(other.EndPoint).Port}",
            ]);

        Assert.Equal("two a", await proxy.AskRawAsync("a"));
        Assert.Equal("one b", await proxy.AskRawAsync("b", 1));
        Assert.Equal("other d", await proxy.AskRawAsync("d", 3));
        Assert.Equal("other e", await proxy.AskRawAsync("e", 4));
        Assert.Equal("unix c", await proxy.AskRawAsync("c", 2));
        Assert.Equal("healthy", (await proxy.EnclaveAsync(other.EndPoint)).GetProperty("state").GetString());
    }

    /// <summary>What an endpoint URI adds is no entry of Enclaves: nothing that is meant for those goes there.</summary>
    [Fact]
    public async Task Endpoint_OfItsOwn_GetsNoHttpAndNothingForEnclaves()
    {
        await using var one = PassthroughExtensions.Echo("one ");
        await using var other = PassthroughExtensions.Echo("other ");
        await using var proxy = await PassthroughExtensions.StartAsync(
            one, "Passthrough:1:Listen=127.0.0.2:0", $"Passthrough:1:To={other.EndPoint}");

        for (var i = 0; i < 10; i++)
            Assert.Equal("one x", await proxy.AskRawAsync("x"));
        Assert.Equal(0, other.Accepted);
        Assert.Equal("other x", await proxy.AskRawAsync("x", 1));
    }
}
