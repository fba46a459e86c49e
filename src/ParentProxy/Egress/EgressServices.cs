using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Egress.Resolving;
using ParentProxy.Egress.Tunnels;
using ParentProxy.Enclaves.Transports;

namespace ParentProxy.Egress;

/// <summary>What listeners serve with, made of the settings in effect.</summary>
internal sealed class EgressServices : IDisposable
{
    private readonly EgressContext _context;
    private readonly DestinationDialer _dialer;
    private readonly ConnectService _connect;

    /// <summary>Makes what lives as long as the program.</summary>
    public EgressServices(EgressContext context, ILoggerFactory loggers)
    {
        _context = context;
        _dialer = new DestinationDialer(context, null!, EnclaveStream.SocketOptions);
        _connect = new ConnectService(_dialer, context);
    }

    /// <summary>Follows other settings; before <see cref="Of"/> is asked for them.</summary>
    public void Use(EgressOptions options)
    {
    }

    /// <summary>What the connections of a listener are served with.</summary>
    public IEgressService Of(EgressListenerOptions listener) => listener switch
    {
        EgressForwardOptions forward => new ForwardService(forward.To, _dialer, _context),
        EgressConnectOptions => _connect,
        _ => throw new NotSupportedException(listener.GetType().Name),
    };

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
