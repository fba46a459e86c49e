using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using ParentProxy.Capabilities;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Sockets;

namespace ParentProxy.Passthrough;

/// <summary>
/// Raw connections, carried byte for byte between clients and enclaves. A reload adds, changes and removes listeners; connections
/// that are open go on with what they have.
/// </summary>
internal sealed class PassthroughCapability : ListenerCapability<PassthroughListener, PassthroughOptions>
{
    private readonly EnclaveRegistry _registry;
    private readonly PassthroughContext _context;
    private readonly RelayWatch<PassthroughConnection> _watch;
    private readonly ConcurrentDictionary<string, PassthroughCounts> _counts = new(StringComparer.Ordinal);

    /// <summary>Composes it; nothing is bound yet.</summary>
    /// <param name="configuration">What is in effect.</param>
    /// <param name="registry">What connections are carried to.</param>
    /// <param name="selector">The rules of the choice.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">The log.</param>
    public PassthroughCapability(
        ActiveConfiguration configuration, EnclaveRegistry registry, EnclaveSelector selector, TimeProvider time, ILoggerFactory loggers)
        : base(configuration, time)
    {
        _registry = registry;
        _watch = new RelayWatch<PassthroughConnection>(time);
        var connector = new FailoverConnector(registry, selector, new EnclaveBalancer(selector, configuration), configuration, time);
        _context = new PassthroughContext(configuration, connector, _watch, time, loggers.CreateLogger<PassthroughCapability>());
    }

    /// <inheritdoc/>
    public override IStatusSection StatusSection => new PassthroughSection(() => Open);

    /// <inheritdoc/>
    public override IReadOnlyList<string> EndPoints => [.. Open.Select(listener => listener.EndPoint)];

    /// <inheritdoc/>
    public override string? Refusal => !HasOpened
        ? "the passthrough listeners are not open yet"
        : Open.Select(listener => listener.Refusal).FirstOrDefault(refusal => refusal is not null);

    /// <inheritdoc/>
    public override void AddInstruments(Meter meter) => _context.Instruments = new PassthroughInstruments(
        meter, () => Open, () => _counts.Select(pair => (pair.Key, pair.Value)));

    /// <inheritdoc/>
    public override async Task OpenAsync(CancellationToken cancellationToken)
    {
        await base.OpenAsync(cancellationToken);
        _registry.Changed.Set();
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _watch.Dispose();
    }

    /// <inheritdoc/>
    protected override IEnumerable<PassthroughOptions> Configured(ProxyOptions options) => options.Passthrough;

    /// <inheritdoc/>
    protected override string NameOf(PassthroughOptions settings) => settings.Listen.Text;

    /// <inheritdoc/>
    protected override PassthroughListener Bind(PassthroughOptions settings)
    {
        var counts = _counts.GetOrAdd(settings.Listen.Text, static _ => new PassthroughCounts());
        return new PassthroughListener(settings, counts, _context, _registry.Changed.Set);
    }

    /// <inheritdoc/>
    protected override void Use(PassthroughListener listener, PassthroughOptions settings) => listener.Use(settings);

    /// <inheritdoc/>
    protected override void LogOpened(PassthroughListener listener) =>
        PassthroughLog.Opened(_context.Logger, listener.EndPoint, string.Join(", ", listener.Options.Targets));

    /// <inheritdoc/>
    protected override void LogClosed(PassthroughListener listener) =>
        PassthroughLog.Closed(_context.Logger, listener.EndPoint, listener.Connections);
}
