using System.Net;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Inside.Application;
using ParentProxy.Inside.Bridges;
using ParentProxy.Inside.Clock;
using ParentProxy.Inside.Names;
using ParentProxy.Inside.Network;
using ParentProxy.Inside.Status;
using ParentProxy.Sockets;
using ParentProxy.Telemetry.Metrics;

namespace ParentProxy.Inside;

/// <summary>
/// The program inside an enclave: first what the application needs (names, ways out, log lines), then the application, and the way in
/// once it serves. It ends in the other order.
/// </summary>
internal sealed class InsideHost : IAsyncDisposable
{
    /// <summary>What connections get whose application has ended: for bytes that are under way still.</summary>
    private static readonly TimeSpan LastMoments = TimeSpan.FromSeconds(2);

    private readonly InsideContext _context;
    private readonly ILogger _logger;
    private readonly IngressBridges _ingress;
    private readonly ParentBridges _parent;
    private readonly NameServer? _names;
    private readonly ClockKeeper? _clock;
    private readonly MetricsPipeline? _metrics;
    private readonly StatusListener? _status;
    private readonly Supervisor? _application;

    /// <summary>Composes the program; nothing is listened on or started yet.</summary>
    /// <param name="context">What all parts share.</param>
    /// <param name="lines">Reads what the application writes; null when it writes where this program does.</param>
    /// <param name="children">Waits for the application.</param>
    /// <exception cref="ApplicationUserException">There is no such user.</exception>
    public InsideHost(InsideContext context, IApplicationOutput? lines, ChildReaper children)
    {
        var options = context.Options;
        _context = context;
        _logger = context.Loggers.CreateLogger<InsideHost>();
        var counts = new BridgeInstruments(context.Meter);
        _ingress = new IngressBridges(context, counts);
        _parent = new ParentBridges(context, counts);
        if (options.Application is { } application)
            _application = new Supervisor(application, Ready(application, options), Variables(options), lines, children, context);
        if (options.Dns is { } dns)
            _names = new NameServer(dns, context);
        if (options.Time is { } time)
            _clock = new ClockKeeper(time, context);
        if (options.Status is not { } status)
            return;
        ProcessInstruments.Add(context.Meter);
        MachineInstruments.Add(context.Meter);
        _metrics = new MetricsPipeline([context.Meter.Scope!], _logger, readsEnvironment: false);
        _status = new StatusListener(status, context, _metrics, () => _application?.Status);
    }

    /// <summary>Serves until the application has ended for good, or a signal comes where there is none.</summary>
    /// <param name="signals">The signals of the process.</param>
    /// <returns>The application's exit code.</returns>
    /// <exception cref="ListenException">An address cannot be listened on.</exception>
    public async Task<int> RunAsync(InsideSignals signals)
    {
        var options = _context.Options;
        var other = EnclaveNetwork.OtherInterface();
        if (options.SetUpLoopback && other is null)
            Loopback.SetUp(_logger);
        _parent.Open();
        if (_names?.Open() is { } answering && options.Dns!.ResolvConf is { } file && MayWrite(file, other))
            ResolvConf.Write(file, answering, _logger);
        if (options.Transparent is { } transparent && MayWrite(transparent.HostsFile, other))
            HostsFile.Write(transparent.HostsFile, _parent.Names, _logger);
        if (_clock is not null)
            await _clock.StartAsync(options.ConnectTimeout);
        if (_status is not null)
            await _status.StartAsync(CancellationToken.None);
        return _application is null ? await ServeAsync(signals) : await SuperviseAsync(_application, signals);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_application is not null)
            await _application.DisposeAsync();
        await _ingress.DisposeAsync();
        if (_status is not null)
            await _status.DisposeAsync();
        if (_clock is not null)
            await _clock.DisposeAsync();
        if (_names is not null)
            await _names.DisposeAsync();
        await _parent.DisposeAsync();
        if (_metrics is not null)
            await _metrics.DisposeAsync();
    }

    private static ReadinessOptions? Ready(InsideApplicationOptions application, InsideOptions options) =>
        application.Ready ?? (options.Ingress is [var first, ..] ? new ReadinessOptions(first.To, null) : null);

    /// <summary>What programs read to find the HTTP proxy; not what was set for the application on purpose.</summary>
    private static Dictionary<string, string> Variables(InsideOptions options)
    {
        if (options.Connect is not { Listen.EndPoint: IPEndPoint address })
            return [];
        var proxy = $"http://{address}";
        const string direct = "127.0.0.1,localhost,::1";
        return new (string Name, string Value)[]
            {
                ("HTTPS_PROXY", proxy), ("HTTP_PROXY", proxy), ("NO_PROXY", direct),
                ("https_proxy", proxy), ("http_proxy", proxy), ("no_proxy", direct),
            }
            .Where(variable => Environment.GetEnvironmentVariable(variable.Name) is null)
            .ToDictionary(variable => variable.Name, variable => variable.Value, StringComparer.Ordinal);
    }

    /// <summary>The files of a machine that has a network are left alone: it would lose its names.</summary>
    private bool MayWrite(string file, string? otherInterface)
    {
        if (otherInterface is null || !file.StartsWith("/etc/", StringComparison.Ordinal))
            return true;
        InsideLog.NotAnEnclave(_logger, file, otherInterface);
        return false;
    }

    private async Task<int> ServeAsync(InsideSignals signals)
    {
        var signal = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);

        // Not disposed of: a further signal may come at any time until the program has ended.
        var cut = new CancellationTokenSource();
        signals.HandTo(number =>
        {
            // The second one is impatient.
            if ((InsideSignals.IsEnd(number) || number == SignalName.Hup) && !signal.TrySetResult(number))
                _ = cut.CancelAsync();
        });
        _ingress.Open();
        InsideLog.Serving(_logger);
        InsideLog.Stopping(_logger, SignalName.Of(await signal.Task), _context.Options.StopTimeout);
        await StopAsync(_context.Options.StopTimeout, cut.Token);
        return 0;
    }

    private async Task<int> SuperviseAsync(Supervisor application, InsideSignals signals)
    {
        signals.HandTo(application.Take);
        var running = application.RunAsync(() => OpenAsync(application), _ingress.CloseAsync, CancellationToken.None);

        // No new connections for an application that is ending; those that it has it may finish.
        if (await Task.WhenAny(application.StopRequested, running) != running)
            await _ingress.CloseAsync();
        var code = await running;
        await StopAsync(LastMoments, CancellationToken.None);
        return code;
    }

    private async Task OpenAsync(Supervisor application)
    {
        _ingress.Open();

        // It may have been told to end just before: then nobody closes what was opened after.
        if (application.StopRequested.IsCompleted)
            await _ingress.CloseAsync();
    }

    /// <summary>Ends what is left: with the application its connections have ended, or will within moments.</summary>
    private async Task StopAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(patience, _context.Time);
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        await Task.WhenAll(_ingress.StopAsync(cut.Token), _parent.StopAsync(cut.Token));
    }
}
