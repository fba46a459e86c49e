using System.Net.Sockets;

namespace ParentProxy.Vsock.Tests;

/// <summary>Two connected unix sockets, which stand in for vsock where the family does not matter.</summary>
internal sealed class UnixPair : IDisposable
{
    public static readonly VsockEndPoint LocalEndPoint = new(3, 70000);
    public static readonly VsockEndPoint RemoteEndPoint = new(16, 6300);

    public UnixPair(SocketType type = SocketType.Stream)
    {
        // Abstract namespace: no file to clean up.
        var endPoint = new UnixDomainSocketEndPoint("\0vsock-tests-" + Guid.NewGuid().ToString("N"));
        using var listener = new Socket(AddressFamily.Unix, type, ProtocolType.Unspecified);
        listener.Bind(endPoint);
        listener.Listen(1);
        Near = new Socket(AddressFamily.Unix, type, ProtocolType.Unspecified);
        Near.Connect(endPoint);
        Far = listener.Accept();
    }

    public Socket Near { get; }

    public Socket Far { get; }

    public VsockStream CreateStream(int maxWriteBytes = 28672, TimeProvider? timeProvider = null) =>
        new(Near, LocalEndPoint, RemoteEndPoint, maxWriteBytes, timeProvider ?? TimeProvider.System);

    public VsockStream CreateFarStream() => new(Far, RemoteEndPoint, LocalEndPoint, 28672, TimeProvider.System);

    public void Dispose()
    {
        Near.Dispose();
        Far.Dispose();
    }
}
