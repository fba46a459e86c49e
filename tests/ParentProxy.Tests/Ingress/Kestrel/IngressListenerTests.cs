using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Configuration;
using ParentProxy.Ingress.Kestrel;
using ParentProxy.Ingress.Kestrel.Refusals;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Kestrel;

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

    [Theory]
    [InlineData("file")]
    [InlineData("empty")]
    [InlineData("folder")]
    [InlineData("pipe")]
    [InlineData("link to a dead socket")]
    [InlineData("link to a file")]
    [InlineData("link to nothing")]
    [InlineData("datagram socket")]
    [InlineData("full accept queue")]
    public async Task Bind_SomethingElseIsThere_IsRefusedAndLeavesItAlone(string kind)
    {
        var path = _directory.File("taken");
        using var occupant = Occupy(path, kind);

        var failure = await Assert.ThrowsAnyAsync<IOException>(async () => await BindAsync(new UnixDomainSocketEndPoint(path)));

        Assert.Contains("EADDRINUSE", failure.Message, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(path), Directory.EnumerateFileSystemEntries(_directory.Root).Select(Path.GetFileName));
        if (kind == "file")
            Assert.Equal("precious", await File.ReadAllTextAsync(path));
        if (kind.StartsWith("link", StringComparison.Ordinal))
            Assert.NotNull(new FileInfo(path).LinkTarget);
    }

    [Fact]
    public async Task Close_TheFileIsOursStill_RemovesIt()
    {
        var path = _directory.File("ours.sock");
        var listener = await BindAsync(new UnixDomainSocketEndPoint(path));
        Assert.Equal(path, listener.EndPoint.ToString());

        await listener.DisposeAsync();

        Assert.False(File.Exists(path));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Close_SomethingElseIsThereByNow_LeavesItAlone(bool isSocket)
    {
        var path = _directory.File("ours.sock");
        var listener = await BindAsync(new UnixDomainSocketEndPoint(path));
        File.Delete(path);
        using var occupant = Occupy(path, isSocket ? "served" : "file");

        await listener.UnbindAsync();
        await listener.DisposeAsync();
        GC.Collect();
        GC.WaitForPendingFinalizers();

        Assert.True(File.Exists(path));
        if (isSocket)
            (await ConnectAsync(new UnixDomainSocketEndPoint(path))).Dispose();
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

    [Fact]
    public async Task Accepting_EndedByAFault_IsNotReadyEvenThoughThePortIsOpen()
    {
        // Nobody may come in, and who writes that down fails.
        var configuration = new ActiveConfiguration(
            new ProxyOptions { Sections = new ConfigurationBuilder().Build(), Limits = new LimitOptions { MaxConnections = 0 } });
        var changes = 0;
        var listeners = new IngressListenerFactory(
            configuration, new OpenConnections(), TimeProvider.System, new FailingLoggers(), () => changes++);
        await using var listener = (IngressListener)await listeners.BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        Assert.True(listener.IsOpen);
        Assert.Null(listeners.Refusal);
        using var client = await ConnectAsync(listener.EndPoint);

        await Assert.ThrowsAsync<NotSupportedException>(async () => await listener.AcceptAsync().AsTask().WaitAsync(TestDeadline.Value));

        Assert.False(listener.IsOpen);
        Assert.Contains("a fault of this program (NotSupportedException", listeners.Refusal, StringComparison.Ordinal);

        // The limit, then the fault.
        Assert.Equal(2, changes);
    }

    [Fact]
    public async Task Refusal_OfAPortThatStopped_SaysSo()
    {
        var listener = (IngressListener)await BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        Assert.Null(listener.Refusal);

        await listener.UnbindAsync();

        Assert.False(listener.IsOpen);
        Assert.Equal("the port is closed", listener.Refusal);
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>Puts something at a path. What is returned keeps it as it is.</summary>
    private static Socket? Occupy(string path, string kind)
    {
        switch (kind)
        {
            case "file":
                File.WriteAllText(path, "precious");
                return null;
            case "empty":
                File.WriteAllText(path, "");
                return null;
            case "folder":
                Directory.CreateDirectory(path);
                return null;
            case "pipe":
                using (var made = System.Diagnostics.Process.Start("mkfifo", [path]))
                    made.WaitForExit();
                return null;
            case "link to a dead socket":
                using (var killed = Bound(path + ".bound", SocketType.Stream))
                    File.Move(path + ".bound", path + ".dead");
                File.CreateSymbolicLink(path, path + ".dead");
                return null;
            case "link to a file":
                File.WriteAllText(path + ".file", "precious");
                File.CreateSymbolicLink(path, path + ".file");
                return null;
            case "link to nothing":
                File.CreateSymbolicLink(path, path + ".nothing");
                return null;
            case "datagram socket":
                return Bound(path, SocketType.Dgram);
            case "full accept queue":
                var full = Bound(path, SocketType.Stream);
                full.Listen(0);
                for (var i = 0; i < 3; i++)
                {
                    // Kept by the queue; the last finds no place there.
                    var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
                    try
                    {
                        client.Connect(new UnixDomainSocketEndPoint(path));
                    }
                    catch (SocketException)
                    {
                        client.Dispose();
                    }
                }

                return full;
            default:
                var served = Bound(path, SocketType.Stream);
                served.Listen(5);
                return served;
        }

        static Socket Bound(string path, SocketType type)
        {
            var socket = new Socket(AddressFamily.Unix, type, ProtocolType.Unspecified);
            socket.Bind(new UnixDomainSocketEndPoint(path));
            return socket;
        }
    }

    private static async Task<IConnectionListener> BindAsync(EndPoint endPoint)
    {
        var configuration = new ActiveConfiguration(new ProxyOptions { Sections = new ConfigurationBuilder().Build() });
        return await new IngressListenerFactory(
            configuration, new OpenConnections(), TimeProvider.System, NullLoggerFactory.Instance).BindAsync(endPoint);
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

    private sealed class FailingLoggers : ILoggerFactory, ILogger
    {
        public void AddProvider(ILoggerProvider provider)
        {
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            throw new NotSupportedException();

        public void Dispose()
        {
        }
    }

    private static async Task<Socket> ConnectAsync(EndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(endPoint);
        return socket;
    }
}
