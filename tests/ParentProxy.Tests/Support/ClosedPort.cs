using System.Net;
using System.Net.Sockets;

namespace ParentProxy.Tests.Support;

/// <summary>A TCP port of the loopback address on which nobody can listen until it is disposed: it is bound, and refuses.</summary>
internal sealed class ClosedPort : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public ClosedPort() => _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    /// <summary>As an enclave's endpoint is written.</summary>
    public string EndPoint => $"tcp://{_socket.LocalEndPoint}";

    public void Dispose() => _socket.Dispose();
}
