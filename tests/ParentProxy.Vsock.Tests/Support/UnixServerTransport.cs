using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ParentProxy.Vsock.Tests;

/// <summary>The transport's listener, connections and streams over a unix socket.</summary>
internal sealed class UnixServerTransport
    : IServerTransport, IConnectionListenerFactory, IConnectionListenerFactorySelector, IAcceptSource, IDisposable
{
    private readonly UnixDomainSocketEndPoint _address = new("\0vsock-tests-" + Guid.NewGuid().ToString("N"));
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly ILogger _logger = new LoggerFactory().CreateLogger("test");

    public VsockEndPoint EndPoint => UnixPair.LocalEndPoint;

    public VsockEndPoint LocalEndPoint => UnixPair.LocalEndPoint;

    public void Register(IServiceCollection services) => services.AddSingleton<IConnectionListenerFactory>(this);

    public bool CanBind(EndPoint endpoint) => endpoint is VsockEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        _listener.Bind(_address);
        _listener.Listen(512);
        return ValueTask.FromResult<IConnectionListener>(
            new VsockConnectionListener(this, new VsockTransportOptions(), pool: null, _logger, TimeProvider.System));
    }

    public async ValueTask<VsockStream?> AcceptAsync(CancellationToken cancellationToken) =>
        Wrap(await _listener.AcceptAsync(cancellationToken));

    public async ValueTask<VsockStream> DialAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(_address, cancellationToken);
        return Wrap(socket);
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    public void Dispose() => _listener.Dispose();

    private static VsockStream Wrap(Socket socket) =>
        new(socket, UnixPair.LocalEndPoint, UnixPair.RemoteEndPoint, 28672, TimeProvider.System);
}
