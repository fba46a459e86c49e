using System.Net;
using System.Net.Sockets;

namespace ParentProxy.Tests.Hosting;

/// <summary>A TCP port of the loopback address that this process holds until it is disposed.</summary>
internal sealed class FreePort : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public FreePort() => _listener.Start();

    public int Number => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Dispose() => _listener.Dispose();

    /// <summary>A port that nobody listened on a moment ago, for a program that is about to.</summary>
    public static int Released()
    {
        using var port = new FreePort();
        return port.Number;
    }
}
