using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Dns;
using ParentProxy.Egress.Files;
using ParentProxy.Egress.Logs;
using ParentProxy.Egress.Lookups;
using ParentProxy.Egress.Resolving;
using ParentProxy.Egress.Time;
using ParentProxy.Egress.Tunnels;
using ParentProxy.Runtime;
using ParentProxy.Sockets;

namespace ParentProxy.Egress;

/// <summary>What listeners serve with, made of the settings in effect.</summary>
internal sealed class EgressServices : IAsyncDisposable
{
    /// <summary>Names are resolved for tunnels where no DNS is offered, too.</summary>
    private static readonly EgressDnsOptions Defaults = new() { Listen = null! };

    private readonly EgressContext _context;
    private readonly ILoggerFactory _loggers;
    private readonly DestinationDialer _dialer;
    private readonly ConnectService _connect;
    private readonly DnsService _dns;
    private readonly LogService _logs;
    private readonly TimeService _time;

    // Those of a listener that is gone hold for its connections.
    private volatile EgressLogsOptions? _logsOptions;

    /// <summary>Makes what lives as long as the program.</summary>
    public EgressServices(EgressContext context, ILoggerFactory loggers)
    {
        _context = context;
        _loggers = loggers;
        var system = new SystemResolvers(context.Time);
        var upstream = new UpstreamClient(
            () => context.Options.Dns?.Upstreams is { } upstreams ? ValueTask.FromResult(upstreams) : system.GetAsync(), context.Time);
        var cache = new DnsCache(upstream, () => (context.Options.Dns ?? Defaults).CacheEntries, context.Time);
        _dialer = new DestinationDialer(
            context, new Resolver(new HostsFile(context.Time), cache, context.Time), SocketStream.SocketOptions);
        _connect = new ConnectService(_dialer, context);
        _dns = new DnsService(
            cache,
            (peer, name) => context.Policy.JudgeQuestion(peer, name),
            (peer, name, verdict) => context.Refusals.Add(peer, DnsListener, name, "denied", verdict.ForOperator),
            () => context.Options.RequestTimeout,
            Questions,
            context.Time,
            loggers.CreateLogger<DnsService>());
        _time = new TimeService(
            KernelClock.Read,
            () => context.Options.RequestTimeout,
            (peer, reason) => context.Refuse(peer, context.Options.Time?.Listen.Text ?? "", "the time", reason),
            context.Counts,
            loggers.CreateLogger<TimeService>(),
            context.Time);
        _logs = new LogService(() => _logsOptions!, Lines, context.Counts, loggers, context.Time);
    }

    /// <summary>What became of the questions of enclaves.</summary>
    public DnsCounts Questions { get; } = new();

    /// <summary>What became of the lines of enclaves.</summary>
    public LogCounts Lines { get; } = new();

    /// <summary>What the connections of a listener are served with, by the settings that take effect.</summary>
    public IEgressService Of(EgressListenerOptions listener) => listener switch
    {
        EgressForwardOptions forward => new ForwardService(forward.To, _dialer, _context),
        EgressConnectOptions => _connect,
        EgressDnsOptions => _dns,
        EgressLogsOptions logs => Logs(logs),
        EgressTimeOptions => _time,
        EgressFileOptions file => new FileService(
            () => file,
            () => _context.Options.IdleTimeout,
            (peer, reason) => _context.Refuse(peer, listener.Listen.Text, $"file {file.Path}", reason),
            _context.Counts,
            _loggers.CreateLogger<FileService>(),
            _context.Time),
        _ => throw new NotSupportedException(listener.GetType().Name),
    };

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _logs.DisposeAsync();

    private string DnsListener => _context.Options.Dns?.Listen.Text ?? "";

    private LogService Logs(EgressLogsOptions options)
    {
        _logsOptions = options;
        return _logs;
    }
}
