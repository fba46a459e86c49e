using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Endpoints;
using ParentProxy.Sockets;

namespace ParentProxy.Egress.Tunnels;

/// <summary>Bytes between an enclave and its destination, and the account of them. Runs on one event loop.</summary>
internal sealed class Tunnel : ISocketRelayOwner, IWatchedRelay<Tunnel>
{
    /// <summary>In the place of a <see cref="TunnelEnd"/>.</summary>
    private const int None = -1;

    private readonly EgressConnection _connection;
    private readonly EgressContext _context;
    private readonly Destination _destination;
    private readonly string _address;
    private readonly EgressRuleOptions _rule;
    private readonly SocketRelay _relay;
    private readonly TaskCompletionSource _over = new();
    private long _accountedFrom;
    private long _accountedTo;
    private int _cause = None;
    private int _isAccounting;

    private Tunnel(EgressConnection connection, Destination destination, ConnectedDestination connected, EgressContext context)
    {
        _connection = connection;
        _context = context;
        _destination = destination;
        _address = connected.Address.ToString();
        _rule = connected.Rule;
        var (front, frontOptions) = connection.Socket.Release();
        var (back, backOptions) = connected.Socket.Release();
        _relay = new SocketRelay(
            Descriptor.TakeFrom(front), Descriptor.TakeFrom(back), frontOptions, backOptions, this, EventLoop.InTurn(), context.Time);
    }

    /// <inheritdoc/>
    public Tunnel? Next { get; set; }

    /// <inheritdoc/>
    public Tunnel? Previous { get; set; }

    /// <summary>Carries bytes until both directions have ended. Takes over both sockets.</summary>
    /// <param name="connection">The enclave's.</param>
    /// <param name="destination">What it asked for.</param>
    /// <param name="connected">What that came to.</param>
    /// <param name="initial">What the enclave has sent already; null for nothing.</param>
    /// <param name="context">What tunnels share.</param>
    /// <param name="cut">Fires when the time of a stop is over.</param>
    public static async Task RunAsync(
        EgressConnection connection,
        Destination destination,
        ConnectedDestination connected,
        byte[]? initial,
        EgressContext context,
        CancellationToken cut)
    {
        var tunnel = new Tunnel(connection, destination, connected, context);
        context.Watch.Add(tunnel);
        tunnel._relay.Start(initial);
        await using var cutting = cut.UnsafeRegister(static state => ((Tunnel)state!).Close(TunnelEnd.Stopped), tunnel);
        await tunnel._over.Task;
    }

    /// <inheritdoc/>
    public void Check(long now)
    {
        Account(isLast: false);
        var options = _context.Options;
        var quiet = _context.Time.GetElapsedTime(_relay.LastProgress, now);
        if (quiet >= options.HalfCloseTimeout && _relay.IsHalfClosed)
            Close(TunnelEnd.HalfClosed);
        else if (quiet >= options.IdleTimeout)
            Close(TunnelEnd.Idle);
    }

    /// <inheritdoc/>
    public bool MayStartOver() => false;

    /// <inheritdoc/>
    public void OnEnded()
    {
        _context.Watch.Remove(this);
        Account(isLast: true);
        if (_relay.Fault is { } fault)
        {
            EgressLog.Fault(_context.Logger, _connection.Peer, _connection.Listener, fault);
            _cause = (int)TunnelEnd.Fault;
        }

        var end = _cause != None ? (TunnelEnd)_cause : (_relay.Broken, _relay.FirstEnded) switch
        {
            (null, RelaySide.Front) => TunnelEnd.Enclave,
            (null, _) => TunnelEnd.Destination,
            (_, RelaySide.Front) => TunnelEnd.EnclaveReset,
            _ => TunnelEnd.DestinationReset,
        };
        _context.Counts.Count(_connection.Listener, _rule, end == TunnelEnd.Fault ? EgressResult.Fault : EgressResult.Ok);
        EgressLog.Ended(
            _context.Logger,
            TunnelEnds.IsOrderly(end) ? LogLevel.Information : LogLevel.Warning,
            _connection.Peer,
            _connection.Listener,
            _destination,
            _address,
            _rule.Location,
            _context.Time.GetElapsedTime(_connection.Accepted),
            TunnelEnds.Sentence(end, _relay.Broken?.Name),
            _relay.CarriedForward,
            _relay.CarriedBack);
        _over.SetResult();
    }

    private void Close(TunnelEnd cause)
    {
        Interlocked.CompareExchange(ref _cause, (int)cause, None);
        _relay.Close();
    }

    /// <summary>Counts what was carried since it was counted last. Of two at a time one does it.</summary>
    private void Account(bool isLast)
    {
        while (Interlocked.Exchange(ref _isAccounting, 1) == 1)
        {
            if (!isLast)
                return;
            Thread.SpinWait(1);
        }

        var (from, to) = (_relay.CarriedForward - _accountedFrom, _relay.CarriedBack - _accountedTo);
        (_accountedFrom, _accountedTo) = (_accountedFrom + from, _accountedTo + to);
        _context.Counts.Add(_connection.Listener, from, to);
        Volatile.Write(ref _isAccounting, 0);
    }
}
