using System.Net;
using System.Net.Sockets;
using ParentProxy.Sockets;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Passthrough;

/// <summary>Listeners come, change and go while connections are open; a stop lets those end.</summary>
public sealed class ReloadTests
{
    [Fact]
    public async Task Apply_AnotherListener_IsOpenedAndTheFirstGoesOn()
    {
        await using var enclave = PassthroughExtensions.Echo();
        await using var proxy = await PassthroughExtensions.StartAsync(enclave);
        await using var client = await proxy.ConnectRawAsync();
        await client.AskAsync("a");
        var first = proxy.Server.Passthrough.EndPoints[0];

        proxy.Apply("Passthrough:1:Listen=127.0.0.2:0", "Passthrough:1:To=enclave://0");

        Assert.Equal(first, proxy.Server.Passthrough.EndPoints[0]);
        Assert.Equal("b", await proxy.AskRawAsync("b", 1));
        Assert.Equal("c", await client.AskAsync("c"));
        Assert.Equal("d", await proxy.AskRawAsync("d"));
    }

    [Fact]
    public async Task Apply_AnotherTarget_HoldsForNewConnections()
    {
        await using var one = PassthroughExtensions.Echo("one ");
        await using var two = PassthroughExtensions.Echo("two ");
        await using var proxy = await PassthroughExtensions.StartAsync(one);
        await using var client = await proxy.ConnectRawAsync();
        Assert.Equal("one a", await client.AskAsync("a"));

        proxy.Apply($"Passthrough:0:To={two.EndPoint}");

        Assert.Equal("two b", await proxy.AskRawAsync("b"));
        Assert.Equal("one c", await client.AskAsync("c"));

        proxy.Apply("Passthrough:0:Sni:a.example=reject");
        await using var tls = await proxy.ConnectRawAsync();
        await tls.SendAsync(Tls.HelloBuilder.Hello(Tls.HelloBuilder.ServerName("a.example")));
        await tls.AssertResetAsync();
        Assert.Equal("one d", await client.AskAsync("d"));
    }

    [Fact]
    public async Task Apply_WithoutTheListener_ClosesTheAddressAndLetsConnectionsEnd()
    {
        var address = new IPEndPoint(IPAddress.Loopback, FreePort.Released());
        await using var enclave = PassthroughExtensions.Echo();
        await using var proxy = await PassthroughExtensions.StartAsync(enclave, $"Passthrough:0:Listen={address}");
        await using var client = await proxy.ConnectRawAsync();
        await client.AskAsync("a");

        proxy.ApplyWithout("Passthrough:");

        await proxy.Log.WaitForAsync(entry =>
            entry.Message.Contains("was taken from the configuration and is closed", StringComparison.Ordinal));
        using var late = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var refused = await Assert.ThrowsAsync<SocketException>(() => late.ConnectAsync(address));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        Assert.Equal("b", await client.AskAsync("b"));
        Assert.Empty(proxy.Server.Passthrough.EndPoints);

        proxy.Apply($"Passthrough:0:Listen={address}", "Passthrough:0:To=enclaves");
        Assert.Equal("c", await proxy.AskRawAsync("c"));
        Assert.Equal("d", await client.AskAsync("d"));
    }

    [Fact]
    public async Task Apply_AddressThatIsTaken_IsRefusedAndNothingChanges()
    {
        using var taken = new FreePort();
        await using var one = PassthroughExtensions.Echo("one ");
        await using var two = PassthroughExtensions.Echo("two ");
        await using var proxy = await PassthroughExtensions.StartAsync(one);
        var before = proxy.Server.Passthrough.EndPoints;
        using var directory = new TemporaryDirectory();

        var refusal = Assert.Throws<ListenException>(() => proxy.Apply(
            [
                $"Passthrough:0:To={two.EndPoint}",
                $"Passthrough:1:Listen=unix:{directory.File("x.sock")}", "Passthrough:1:To=enclaves",
                $"Passthrough:2:Listen={taken.EndPoint}", "Passthrough:2:To=enclaves",
            ]));

        Assert.StartsWith(
            $"cannot listen on {taken.EndPoint} (Passthrough:Listen): EADDRINUSE", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(before, proxy.Server.Passthrough.EndPoints);
        Assert.Equal("one a", await proxy.AskRawAsync("a"));
        Assert.Single(proxy.Server.Registry.All);
        await Eventually.TrueAsync(() => !File.Exists(directory.File("x.sock")));

        // What was prepared in vain is in nobody's way.
        taken.Dispose();
        proxy.Apply();
        Assert.Equal("two b", await proxy.AskRawAsync("b"));
        Assert.Equal("one c", await proxy.AskRawAsync("c", 1));
        Assert.Equal("one d", await proxy.AskRawAsync("d", 2));
    }

    [Fact]
    public async Task Apply_SocketInAFolderThatIsNot_NamesTheFolder()
    {
        await using var one = PassthroughExtensions.Echo();
        await using var proxy = await PassthroughExtensions.StartAsync(one);

        var refusal = Assert.Throws<ListenException>(() => proxy.Apply(
            "Passthrough:1:Listen=unix:/nonexistent/x.sock", "Passthrough:1:To=enclaves"));

        Assert.Contains("ENOENT", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("The folder /nonexistent does not exist", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_ConnectionsThatEndInTime_EndInOrder()
    {
        await using var enclave = PassthroughExtensions.Echo();
        await using var proxy = await PassthroughExtensions.StartAsync(enclave, "Timeouts:Drain=00:00:30");
        await using var client = await proxy.ConnectRawAsync();
        await client.AskAsync("a");
        var address = IPEndPoint.Parse(proxy.Server.Passthrough.EndPoints[0]);

        var stop = proxy.StopAsync();
        await Eventually.TrueAsync(() => !proxy.Server.Passthrough.IsOpen);
        using var late = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await Assert.ThrowsAsync<SocketException>(() => late.ConnectAsync(address));
        Assert.Equal("b", await client.AskAsync("b"));
        Assert.False(stop.IsCompleted);
        client.ShutdownSend();

        Assert.Equal(("", false), await client.ReadTextToEndAsync());
        Assert.True(await stop.WaitAsync(TestDeadline.Value));
    }

    [Fact]
    public async Task Stop_ConnectionsThatStay_AreClosedAfterDrain()
    {
        await using var enclave = PassthroughExtensions.Echo();
        await using var proxy = await PassthroughExtensions.StartAsync(enclave, "Timeouts:Drain=00:00:01.200");
        await using var client = await proxy.ConnectRawAsync();
        await client.AskAsync("a");
        await using var leaving = await proxy.ConnectRawAsync();
        await leaving.AskAsync("a");
        proxy.ApplyWithout("Passthrough:", "Passthrough:0:Listen=127.0.0.2:0", "Passthrough:0:To=enclaves");

        var stop = proxy.StopAsync();

        Assert.Equal(("", false), await client.ReadTextToEndAsync());
        Assert.Equal(("", false), await leaving.ReadTextToEndAsync());
        Assert.False(await stop.WaitAsync(TestDeadline.Value));
        await proxy.Log.WaitForAsync(entry =>
            entry.Message.Contains("the program stopped, and Timeouts:Drain was over", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stop_ConnectionThatLooksForAnEnclave_IsResetAndCountedAsStopped()
    {
        using var dead = new ClosedPort();
        await using var proxy = await TestProxy.StartAsync(
            [
                .. TestProxy.Enclave(0, dead.EndPoint), .. PassthroughExtensions.ToEnclaves,
                "Retry:WaitForEnclave=00:05:00", "Timeouts:Drain=00:00:01.100",
            ]);
        await using var client = await proxy.ConnectRawAsync();
        await Eventually.TrueAsync(async () => (await proxy.EnclaveAsync("0")).GetProperty("waiting").GetInt32() == 1);

        var stop = proxy.StopAsync();

        await client.AssertResetAsync();
        await stop.WaitAsync(TestDeadline.Value);
        Assert.Equal(1, proxy.Server.Passthrough.Open[0].Counts.TotalRefused);
    }
}
