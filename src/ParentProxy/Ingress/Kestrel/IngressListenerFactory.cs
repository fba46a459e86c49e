using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Ingress.Kestrel.Refusals;
using ParentProxy.Sockets;

namespace ParentProxy.Ingress.Kestrel;

/// <summary>
/// Opens the public listeners in the place of Kestrel's own, which accepts in a hot loop when descriptors run out and
/// resets what is still in the accept queue when it stops.
/// </summary>
internal sealed class IngressListenerFactory(
    ActiveConfiguration configuration, OpenConnections connections, TimeProvider time, ILoggerFactory loggers, Action? onChanged = null)
    : IConnectionListenerFactory
{
    private const string Setting = "Kestrel:Endpoints";

    private readonly ConcurrentBag<IngressListener> _listeners = [];

    /// <summary>The listeners that were opened.</summary>
    public IReadOnlyCollection<IngressListener> Listeners => _listeners;

    /// <summary>Which listener lets no new connection in, and why; null while all do.</summary>
    public string? Refusal => _listeners
        .Where(l => l.Refusal is not null)
        .Select(l => $"{l.EndPoint} accepts no connections: {l.Refusal}")
        .FirstOrDefault();

    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        try
        {
            var logger = loggers.CreateLogger<IngressListener>();
            var listener = new IngressListener(
                endpoint, ListenSocket.Bind, configuration, connections, onChanged ?? (() => { }), time, logger);
            _listeners.Add(listener);
            return ValueTask.FromResult<IConnectionListener>(listener);
        }
        catch (SocketException ex)
        {
            var isFile = endpoint is UnixDomainSocketEndPoint;
            var failure = new ListenException(endpoint.ToString() ?? "", isFile, ex, Setting, "the socat unit that this one replaces");

            // Kestrel goes on with the rest of localhost or * when one of their addresses is not there, which is IPv6 in
            // many containers; an IOException ends that: a port that is taken is taken.
            throw ex.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported
                ? failure
                : new IOException(failure.Message, failure);
        }
    }

    /// <summary>Closes all ports; what was accepted or stood in the accept queue by then is served.</summary>
    public Task StopAcceptingAsync() => Task.WhenAll(_listeners.Select(l => l.StopAcceptingAsync()));
}
