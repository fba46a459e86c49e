using System.Net;
using System.Net.Sockets;

namespace ParentProxy.Tests.Support;

/// <summary>
/// A TCP port of the loopback address that this process holds until it is disposed. It is none that the kernel gives to whoever asks for
/// any, so that nobody else in this busy process gets it by chance when it is given up for another.
/// </summary>
internal sealed class FreePort : IDisposable
{
    private const int First = 10_000;
    private const int AfterLast = 32_768; // net.ipv4.ip_local_port_range begins here

    private readonly Socket _socket = Listen();

    public int Number => ((IPEndPoint)EndPoint).Port;

    public EndPoint EndPoint => _socket.LocalEndPoint!;

    public void Dispose() => _socket.Dispose();

    /// <summary>A port that nobody listened on a moment ago, for a program that is about to.</summary>
    public static int Released()
    {
        using var port = new FreePort();
        return port.Number;
    }

    private static Socket Listen()
    {
        while (true)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, Random.Shared.Next(First, AfterLast)));
                socket.Listen();
                return socket;
            }
            catch (SocketException ex) when (ex.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                socket.Dispose();
            }
        }
    }
}
