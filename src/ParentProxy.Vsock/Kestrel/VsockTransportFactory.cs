using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ParentProxy.Vsock;

/// <summary>Kestrel's way to AF_VSOCK. Kestrel asks it for <see cref="VsockEndPoint"/> alone.</summary>
/// <param name="options">The settings.</param>
/// <param name="loggerFactory">Where accept failures and the ends of connections are logged.</param>
/// <param name="timeProvider">The clock of back-off and lingering; the system's when null.</param>
/// <param name="memoryPoolFactory">The server's buffers; the shared pool when null.</param>
public sealed class VsockTransportFactory(
    IOptions<VsockTransportOptions> options,
    ILoggerFactory loggerFactory,
    TimeProvider? timeProvider = null,
    IMemoryPoolFactory<byte>? memoryPoolFactory = null) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly ILogger _logger = loggerFactory.CreateLogger("ParentProxy.Vsock.Transport");
    private readonly TimeProvider _timeProvider = timeProvider ?? TimeProvider.System;

    /// <summary>True for a <see cref="VsockEndPoint"/>.</summary>
    public bool CanBind(EndPoint endpoint) => endpoint is VsockEndPoint;

    /// <summary>Binds an address, and begins to listen on it.</summary>
    /// <param name="endpoint">A <see cref="VsockEndPoint"/>.</param>
    /// <param name="cancellationToken">Checked before binding, which does not wait.</param>
    /// <exception cref="ArgumentException">The end point is of another kind.</exception>
    /// <exception cref="AddressInUseException">The port is taken; the inner exception tells more.</exception>
    /// <exception cref="VsockException">The address cannot be had for another reason.</exception>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        if (endpoint is not VsockEndPoint vsock)
            throw new ArgumentException($"{endpoint} is no vsock end point.", nameof(endpoint));

        cancellationToken.ThrowIfCancellationRequested();
        VsockTransportOptions settings = options.Value;
        var listenOptions = new VsockListenOptions
        {
            Backlog = settings.Backlog,
            BufferBytes = settings.BufferBytes,
            MaxWriteBytes = settings.MaxWriteBytes,
            TimeProvider = _timeProvider,
        };
        try
        {
            var source = new VsockAcceptSource(VsockListener.Bind(vsock, listenOptions));
            MemoryPool<byte>? pool = memoryPoolFactory?.Create(new MemoryPoolOptions { Owner = "vsock" });
            return ValueTask.FromResult<IConnectionListener>(
                new VsockConnectionListener(source, settings, pool, _logger, _timeProvider));
        }
        catch (VsockException e) when (e.Errno == Errno.EADDRINUSE)
        {
            // The type by which Kestrel knows this failure from others.
            throw new AddressInUseException(e.Message, e);
        }
    }
}
