using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Configuration;
using ParentProxy.Ingress;
using ParentProxy.Ingress.Refusals;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress;

public sealed class IngressListenerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public async Task Bind_SocketFileLeftByAKilledProcess_IsReplaced()
    {
        var path = _directory.File("left.sock");

        // A process that is killed leaves the file; the runtime's own Dispose would remove it.
        using (var killed = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            killed.Bind(new UnixDomainSocketEndPoint(path + ".bound"));
            File.Move(path + ".bound", path);
        }

        await using var listener = await BindAsync(new UnixDomainSocketEndPoint(path));

        using var client = await ConnectAsync(new UnixDomainSocketEndPoint(path));
        Assert.NotNull(await listener.AcceptAsync().AsTask().WaitAsync(TestDeadline.Value));
    }

    [Fact]
    public async Task Bind_SocketFileThatIsServed_IsRefusedByName()
    {
        var path = _directory.File("served.sock");
        await using var first = await BindAsync(new UnixDomainSocketEndPoint(path));

        var failure = await Assert.ThrowsAnyAsync<IOException>(async () => await BindAsync(new UnixDomainSocketEndPoint(path)));

        Assert.Contains("EADDRINUSE", failure.Message, StringComparison.Ordinal);
        Assert.Contains(path, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StopAccepting_ConnectionsInTheAcceptQueue_AreAllAcceptedBeforeThePortCloses()
    {
        var listener = (IngressListener)await BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        var clients = new List<Socket>();
        for (var i = 0; i < 20; i++)
            clients.Add(await ConnectAsync(listener.EndPoint));

        var stopping = listener.StopAcceptingAsync();
        var accepted = new List<ConnectionContext>();
        while (await listener.AcceptAsync().AsTask().WaitAsync(TestDeadline.Value) is { } connection)
            accepted.Add(connection);
        await stopping.WaitAsync(TestDeadline.Value);

        Assert.Equal(clients.Count, accepted.Count);
        await Assert.ThrowsAsync<SocketException>(() => ConnectAsync(listener.EndPoint));
        clients.ForEach(c => c.Dispose());
        foreach (var connection in accepted)
            await connection.DisposeAsync();
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task StopAccepting_WhileClientsConnect_ResetsNoneOfThem(string address)
    {
        // Many at a time: the moment in which it could go wrong is short, and longer on a busy machine.
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => StopWhileClientsConnectAsync(IPAddress.Parse(address))));
    }

    public void Dispose() => _directory.Dispose();

    private static async Task<IConnectionListener> BindAsync(EndPoint endPoint)
    {
        var configuration = new ActiveConfiguration(new ProxyOptions { Sections = new ConfigurationBuilder().Build() });
        return await new IngressListenerFactory(configuration, new OpenConnections(), TimeProvider.System, NullLoggerFactory.Instance).BindAsync(endPoint);
    }

    private static async Task StopWhileClientsConnectAsync(IPAddress address)
    {
        var listener = (IngressListener)await BindAsync(new IPEndPoint(address, 0));
        var served = 0;
        var serving = ServeAsync();
        var clients = Enumerable.Range(0, 8).Select(_ => Task.Run(AskAsync)).ToList();
        await Eventually.TrueAsync(() => Volatile.Read(ref served) > 50);

        await listener.StopAcceptingAsync().WaitAsync(TestDeadline.Value);

        await serving.WaitAsync(TestDeadline.Value);
        await Task.WhenAll(clients).WaitAsync(TestDeadline.Value);

        // One byte to each who is let in.
        async Task ServeAsync()
        {
            while (await listener.AcceptAsync() is { } connection)
            {
                await connection.Transport.Output.WriteAsync(new byte[1]);
                await connection.DisposeAsync();
                Interlocked.Increment(ref served);
            }
        }

        // Until the port is closed. Who is let in and gets nothing waits for ever, or is reset.
        async Task AskAsync()
        {
            while (true)
            {
                Socket client;
                try
                {
                    client = await ConnectAsync(listener.EndPoint);
                }
                catch (SocketException)
                {
                    return;
                }

                using (client)
                    Assert.Equal(1, await client.ReceiveAsync(new byte[1]));
            }
        }
    }

    private static async Task<Socket> ConnectAsync(EndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(endPoint);
        return socket;
    }
}
