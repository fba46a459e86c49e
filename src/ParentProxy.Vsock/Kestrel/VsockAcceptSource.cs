namespace ParentProxy.Vsock;

/// <summary>Connections from a true listener.</summary>
internal sealed class VsockAcceptSource(VsockListener listener) : IAcceptSource
{
    public VsockEndPoint LocalEndPoint => listener.LocalEndPoint;

    public ValueTask<VsockStream?> AcceptAsync(CancellationToken cancellationToken) => listener.AcceptAsync(cancellationToken);

    public ValueTask DisposeAsync() => listener.DisposeAsync();
}
