using System.Net;
using System.Net.Sockets;
using System.Text;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Passthrough;

/// <summary>Raw connections through the real proxy, and enclaves for them.</summary>
internal static class PassthroughExtensions
{
    /// <summary>A listener on a free port, to all enclaves.</summary>
    public static readonly string[] ToEnclaves = ["Passthrough:0:Listen=127.0.0.1:0", "Passthrough:0:To=enclaves"];

    /// <summary>A proxy with such a listener, which never probes.</summary>
    public static Task<TestProxy> StartAsync(ScriptedEnclave enclave, params string[] settings) =>
        TestProxy.InFrontOfAsync(enclave, [.. ToEnclaves, .. settings]);

    /// <summary>A client of a listener. Connects in one call: a reset that follows at once must not be that of the connect.</summary>
    public static Task<WireConnection> ConnectRawAsync(this TestProxy proxy, int listener = 0)
    {
        var text = proxy.Server.Passthrough.EndPoints[listener];
        EndPoint endPoint = text.StartsWith("unix:", StringComparison.Ordinal)
            ? new UnixDomainSocketEndPoint(text["unix:".Length..])
            : IPEndPoint.Parse(text);
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(endPoint);
        return Task.FromResult(new WireConnection(socket));
    }

    /// <summary>Says a line and reads the line that comes back.</summary>
    public static async Task<string?> AskAsync(this WireConnection connection, string line)
    {
        await connection.SendAsync(line + "\n");
        return await connection.ReadLineAsync();
    }

    /// <summary>The answer to a line on a connection of its own.</summary>
    public static async Task<string?> AskRawAsync(this TestProxy proxy, string line, int listener = 0)
    {
        await using var connection = await proxy.ConnectRawAsync(listener);
        return await connection.AskAsync(line);
    }

    /// <summary>That the connection is closed without an answer, by a reset.</summary>
    public static async Task AssertResetAsync(this WireConnection connection) =>
        Assert.Equal(("", true), await connection.ReadTextToEndAsync());

    /// <summary>What comes until the end, and whether that was a reset.</summary>
    public static async Task<(string Text, bool IsReset)> ReadTextToEndAsync(this WireConnection connection)
    {
        var (received, reset) = await connection.ReadToEndAsync();
        return (Encoding.Latin1.GetString(received), reset);
    }

    /// <summary>An enclave that answers every line with its name and the line.</summary>
    public static ScriptedEnclave Echo(string name = "", EndPoint? endPoint = null) => ScriptedEnclave.Start(
        async connection =>
        {
            while (await connection.ReadLineAsync() is { } line)
                await connection.SendAsync($"{name}{line}\n");
            connection.ShutdownSend();
        },
        endPoint);

    /// <summary>An enclave that hands every connection to a test.</summary>
    public static ScriptedEnclave Handing(Action<WireConnection> take) => ScriptedEnclave.Start(async connection =>
    {
        take(connection);
        await Task.Delay(Timeout.Infinite);
    });

    /// <summary>Waits until so many connections are open.</summary>
    public static Task HasOpenAsync(this TestProxy proxy, int connections) => Eventually.TrueAsync(
        () => proxy.Server.Passthrough.Listeners.Sum(listener => listener.Connections) == connections,
        () => string.Join('\n', proxy.Server.Passthrough.Listeners));
}
