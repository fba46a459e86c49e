using System.Net.Sockets;

namespace ParentProxy.Vsock;

/// <summary>A socket that waits in the runtime's own engine; continuations run on the thread pool.</summary>
internal sealed class RuntimeSocket(Socket socket) : StreamSocket
{
    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);

    public override ValueTask<int> SendAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) =>
        socket.SendAsync(buffer, SocketFlags.None, cancellationToken);

    public override int Receive(Span<byte> buffer) => socket.Receive(buffer, SocketFlags.None);

    public override int Send(ReadOnlySpan<byte> buffer) => socket.Send(buffer, SocketFlags.None);

    public override void ShutdownSend() => socket.Shutdown(SocketShutdown.Send);

    public override void Abort() => socket.Close(0);

    public override void Dispose() => socket.Dispose();
}
