using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Vsock;

namespace ParentProxy.Ingress;

/// <summary>
/// Opens the public listeners in the place of Kestrel's own, which accepts in a hot loop when descriptors run out and
/// resets what is still in the accept queue when it stops.
/// </summary>
internal sealed class IngressListenerFactory(ActiveConfiguration configuration, TimeProvider time, ILoggerFactory loggers) : IConnectionListenerFactory
{
    private readonly ConcurrentBag<IngressListener> _listeners = [];

    /// <summary>The listeners that were opened.</summary>
    public IReadOnlyCollection<IngressListener> Listeners => _listeners;

    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        try
        {
            var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            var contexts = new SocketConnectionContextFactory(new SocketConnectionFactoryOptions(), loggers.CreateLogger<SocketConnectionContextFactory>());
            var listener = new IngressListener(socket, contexts, configuration, time, loggers.CreateLogger<IngressListener>());
            _listeners.Add(listener);
            return ValueTask.FromResult<IConnectionListener>(listener);
        }
        catch (SocketException ex)
        {
            var errno = ex.SocketErrorCode == SocketError.AddressNotAvailable && endpoint is UnixDomainSocketEndPoint
                ? "ENOENT"
                : Errno.FromSocketError(ex.SocketErrorCode).Name;
            throw new ListenException($"cannot listen on {endpoint}: {errno} ({ex.Message}){Hint(errno)}", ex);
        }
    }

    /// <summary>Closes all ports; what was accepted or stood in the accept queue by then is served.</summary>
    public Task StopAcceptingAsync() => Task.WhenAll(_listeners.Select(l => l.StopAcceptingAsync()));

    private static string Hint(string errno) => errno switch
    {
        "EADDRINUSE" => ". Another program listens there, perhaps the socat unit that this one replaces: 'ss -ltnp' names it",
        "EACCES" or "EPERM" => ". Ports below 1024 need CAP_NET_BIND_SERVICE, which the shipped unit grants",
        "EADDRNOTAVAIL" => ". The address belongs to none of this machine's interfaces",
        _ => "",
    };
}
