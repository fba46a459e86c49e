using System.Net;
using System.Net.Sockets;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress;

/// <summary>A stop loses no request.</summary>
public sealed class DrainTests
{
    [Fact]
    public async Task Stop_UnderLoad_LosesNoRequest()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, "Timeouts:DrainDelay=00:00:00.500");
        using var closed = new CancellationTokenSource();
        var answered = 0;

        // Those who keep their connection, until the proxy says close; and those who open one for each request.
        var keepers = Enumerable.Range(0, 4).Select(async _ =>
        {
            await using var connection = await proxy.ConnectAsync();
            while (true)
            {
                await connection.SendAsync("GET /slow?ms=20 HTTP/1.1\r\nHost: x\r\n\r\n");
                var answer = await connection.ReadMessageAsync();
                Assert.Equal(200, answer.Status);
                Interlocked.Increment(ref answered);
                if (answer.Field("Connection") == "close")
                    return;
            }
        }).ToList();
        var openers = Enumerable.Range(0, 4).Select(async _ =>
        {
            while (true)
            {
                WireConnection connection;
                try
                {
                    connection = await proxy.ConnectAsync();
                }
                catch (SocketException)
                {
                    return;
                }

                await using (connection)
                {
                    await connection.SendAsync("GET /slow?ms=20 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
                    Assert.Equal(200, (await connection.ReadMessageAsync()).Status);
                    Interlocked.Increment(ref answered);
                }
            }
        }).ToList();
        await Eventually.TrueAsync(() => Volatile.Read(ref answered) > 50);
        var before = Volatile.Read(ref answered);

        var whole = await proxy.StopAsync().WaitAsync(TestDeadline.Value);

        await Task.WhenAll([.. keepers, .. openers]).WaitAsync(TestDeadline.Value);
        Assert.True(whole);
        Assert.True(answered > before);
        Assert.Empty(proxy.Log.AtLeast(Microsoft.Extensions.Logging.LogLevel.Warning));
    }

    [Fact]
    public async Task Stop_DuringTheDelay_HealthFailsAndRequestsAreServed()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, "Timeouts:DrainDelay=00:00:08");

        var stop = proxy.StopAsync();
        var health = await proxy.ExchangeAsync("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
        var served = await proxy.ExchangeAsync("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
        var ready = await proxy.Admin.GetAsync("/health/ready");
        var live = await proxy.Admin.GetAsync("/health/live");

        Assert.False(stop.IsCompleted);
        Assert.Equal((503, "{\"status\":\"draining\",\"healthy\":1,\"total\":1}"), (health.Status, health.Text));
        Assert.Equal(200, served.Status);
        Assert.Null(served.Field("Connection"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        await stop.WaitAsync(TestDeadline.Value);
        Assert.Equal(HttpStatusCode.OK, (await proxy.Admin.GetAsync("/health/live")).StatusCode);
    }

    [Fact]
    public async Task Stop_ConnectionsAcceptedBefore_MaySendTheirRequestAndAreClosedAfter()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated);
        await using var silent = await proxy.ConnectAsync();
        await using var idle = await proxy.ConnectAsync();
        await idle.SendAsync("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
        await idle.ReadMessageAsync();

        var stop = proxy.StopAsync();
        await Eventually.TrueAsync(() => !proxy.Server.Ingress.IsOpen);
        foreach (var connection in (WireConnection[])[silent, idle])
            await connection.SendAsync("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
        foreach (var connection in (WireConnection[])[silent, idle])
        {
            var answer = await connection.ReadMessageAsync();
            Assert.Equal((200, "close"), (answer.Status, answer.Field("Connection")));
            Assert.Empty((await connection.ReadToEndAsync()).Received);
        }

        Assert.True(await stop.WaitAsync(TestDeadline.Value));
        await Assert.ThrowsAsync<SocketException>(proxy.ConnectAsync);
    }

    [Fact]
    public async Task Stop_RequestsInFlight_FinishAndTheAdminListenerAnswersMeanwhile()
    {
        var finish = new TaskCompletionSource();
        await using var enclave = ScriptedEnclave.Start(async c =>
        {
            await c.ReadHeadAsync();
            await c.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha");
            await finish.Task;
            await c.SendAsync("lf");
            await c.ReadToEndAsync();
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);
        await using var connection = await proxy.ConnectAsync();
        await connection.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await connection.ReadHeadAsync();

        var stop = proxy.StopAsync();
        await Eventually.TrueAsync(() => !proxy.Server.Ingress.IsOpen);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await proxy.Admin.GetAsync("/health")).StatusCode);
        Assert.False(stop.IsCompleted);
        finish.SetResult();

        Assert.Equal("half"u8.ToArray(), await connection.ReadExactlyAsync(4));
        Assert.True(await stop.WaitAsync(TestDeadline.Value));
    }

    [Fact]
    public async Task Stop_RequestsThatNeverEnd_AreEndedAfterDrain()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, "Timeouts:Drain=00:00:01.500");
        await using var connection = await proxy.ConnectAsync();
        await connection.SendAsync("GET /hang HTTP/1.1\r\nHost: x\r\n\r\n");
        await Eventually.TrueAsync(async () => (await proxy.EnclaveAsync("0")).GetProperty("inFlight").GetInt32() == 1);

        Assert.False(await proxy.StopAsync().WaitAsync(TestDeadline.Value));
    }
}
