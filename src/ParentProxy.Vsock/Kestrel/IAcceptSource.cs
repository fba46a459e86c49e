namespace ParentProxy.Vsock;

/// <summary>Where the transport's connections come from: a listener, or a stand-in when the accept loop is tested.</summary>
internal interface IAcceptSource : IAsyncDisposable
{
    VsockEndPoint LocalEndPoint { get; }

    /// <inheritdoc cref="VsockListener.AcceptAsync"/>
    ValueTask<VsockStream?> AcceptAsync(CancellationToken cancellationToken);
}
