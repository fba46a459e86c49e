using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using ParentProxy.Capabilities;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Sockets;
using ParentProxy.Telemetry.AccessLog;

namespace ParentProxy.Passthrough;

/// <summary>One address that passthrough listens on, and its connections.</summary>
internal sealed class PassthroughListener : IListenerOwner, IConfiguredListener
{
    private const string MaxConnectionsSetting = "MaxConnections of this Passthrough listener";

    private readonly LoopListener _listener;
    private readonly RefusalLines _refusalLines;
    private readonly Action _onChanged;
    private readonly ListenerLifetime _lifetime;
    private readonly Func<AcceptedDescriptor, PassthroughConnection> _take;
    private volatile PassthroughRoutes _routes;

    /// <summary>Binds, and begins to listen; nothing is accepted before <see cref="Start"/>.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="counts">What is counted of the address.</param>
    /// <param name="context">What all listeners share.</param>
    /// <param name="onChanged">Runs when <see cref="Refusal"/> comes or goes.</param>
    /// <exception cref="ListenException">The address cannot be listened on.</exception>
    public PassthroughListener(PassthroughOptions options, PassthroughCounts counts, PassthroughContext context, Action onChanged)
    {
        Context = context;
        Counts = counts;
        _onChanged = onChanged;
        _routes = new PassthroughRoutes(options);
        _refusalLines = new RefusalLines(context.Time, context.Logger);
        _take = Take;
        try
        {
            var log = new ListenerLog(context.Logger, () => Name, MaxConnectionsSetting);
            _listener = new LoopListener(options.Listen.EndPoint, ListenSocket.Bind, this, log, context.Time);
        }
        catch (SocketException ex)
        {
            throw new ListenException(
                options.Listen.SocketPath ?? options.Listen.Text,
                options.Listen.SocketPath is not null,
                ex,
                "Passthrough:Listen",
                "the socat unit that this one replaces");
        }

        _lifetime = new ListenerLifetime(_listener, ex => PassthroughLog.AcceptEnded(context.Logger, Name, ex));
        _lifetime.Cut.UnsafeRegister(static self => ((PassthroughListener)self!).CloseAll(), this);
    }

    /// <summary>What all listeners share.</summary>
    public PassthroughContext Context { get; }

    /// <summary>What is counted of the address.</summary>
    public PassthroughCounts Counts { get; }

    /// <summary>How many are open from each address.</summary>
    public SourceCounts Sources { get; } = new();

    /// <summary>Fires when the time of a stop is over.</summary>
    public CancellationToken Cut => _lifetime.Cut;

    /// <summary>Its settings; those that open connections have may be older.</summary>
    public PassthroughOptions Options => _routes.Options;

    /// <summary>How it is called in logs and metrics: the address, as it is configured.</summary>
    public string Name => Options.Listen.Text;

    /// <summary>Where it listens, with the port that it got.</summary>
    public string EndPoint => _listener.EndPoint is UnixDomainSocketEndPoint path ? $"unix:{path}" : _listener.EndPoint.ToString()!;

    /// <inheritdoc cref="LoopListener.IsOpen"/>
    public bool IsOpen => _listener.IsOpen;

    /// <inheritdoc cref="LoopListener.Refusal"/>
    public string? Refusal => _listener.Refusal;

    /// <summary>Connections that are open.</summary>
    public int Connections => _listener.Connections;

    int IListenerOwner.MaxConnections => Options.MaxConnections;

    string IListenerOwner.MaxConnectionsSetting => MaxConnectionsSetting;

    /// <inheritdoc/>
    public ListenerView View()
    {
        var reason = Refusal;
        return new ListenerView(EndPoint, reason is null, reason, Connections, Counts.TotalRefused);
    }

    /// <inheritdoc/>
    public void Start() => _lifetime.Start(AcceptAsync);

    /// <summary>Has new connections follow other settings.</summary>
    public void Use(PassthroughOptions options) => _routes = new PassthroughRoutes(options);

    /// <inheritdoc/>
    public Task StopAcceptingAsync() => _lifetime.StopAcceptingAsync();

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cut) => _lifetime.StopAsync(cut);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _lifetime.DisposeAsync();

    /// <inheritdoc cref="ListenerLifetime.OnConnectionClosed"/>
    public void OnConnectionClosed() => _lifetime.OnConnectionClosed();

    /// <summary>Writes the line of a connection that was refused; in a flood of them only so many.</summary>
    public void LogRefused(string client, PassthroughRefusal reason, string detail)
    {
        if (Options.Log != PassthroughLogMode.Off && _refusalLines.TryTake())
            PassthroughLog.Refused(Context.Logger, client, Name, PassthroughRefusals.Word(reason), detail);
    }

    /// <summary>Writes the line of a connection that is over.</summary>
    public void LogEnded(
        string client, Enclave enclave, ConnectionEnd end, long forward, long back, TimeSpan lasted, string? errno, string? details)
    {
        var isOrderly = ConnectionEnds.IsOrderly(end);
        if (Options.Log == PassthroughLogMode.Off || (isOrderly && Options.Log == PassthroughLogMode.Errors))
            return;
        if (forward == 0 && end == ConnectionEnd.Client)
            return;
        PassthroughLog.Ended(
            Context.Logger,
            isOrderly || end == ConnectionEnd.ClientReset ? LogLevel.Information : LogLevel.Warning,
            client,
            Name,
            enclave,
            lasted,
            ConnectionEnds.Sentence(end, errno),
            forward,
            back,
            details is null ? "" : $" ({details})");
    }

    void IListenerOwner.CountRejected() => Counts.Count(PassthroughRefusal.Limit);

    void IListenerOwner.OnRefusalChanged() => _onChanged();

    private async Task AcceptAsync()
    {
        while (await _listener.AcceptBareAsync(_take) is { } connection)
            connection.Start();
    }

    private PassthroughConnection Take(AcceptedDescriptor accepted)
    {
        var connection = new PassthroughConnection(accepted, this, _routes);
        Context.Watch.Add(connection);
        return connection;
    }

    private void CloseAll()
    {
        foreach (var connection in Context.Watch.Where(connection => connection.Listener == this))
            connection.Close(ConnectionEnd.Stopped);
    }
}
