using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Runtime;

namespace ParentProxy.Health;

/// <summary>Probes every enclave of the registry, each in a loop of its own that ends with the enclave.</summary>
internal sealed class HealthMonitor(
    EnclaveRegistry registry,
    IPooledProbe pooledProbe,
    ActiveConfiguration configuration,
    TimeProvider time,
    ILogger<HealthMonitor> logger) : IAsyncDisposable
{
    private EnclaveLoops? _loops;

    /// <summary>Begins to probe, and follows the registry from now on.</summary>
    public void Start()
    {
        _loops = new EnclaveLoops(
            registry, ProbeForeverAsync, enclave => enclave.ProbeWanted.Set(), (enclave, ex) => HealthLog.LoopFailed(logger, enclave, ex));
        _loops.Start();
    }

    /// <summary>Waits until every enclave has been probed once, with whatever result.</summary>
    public async Task FirstRoundAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = registry.Changed.Next;
            if (!configuration.Options.Health.Probe.Enabled || registry.All.All(IsProbed))
                return;
            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _loops?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static bool IsProbed(Enclave enclave) =>
        enclave.Condition is { LastProbe: not null } or { State: not (EnclaveState.Starting or EnclaveState.Untrusted) };

    /// <summary>Keeps the scheduled probes of several enclaves, and of several proxies, from falling into step.</summary>
    private static double Jitter() => 0.9 + (0.2 * Random.Shared.NextDouble());

    private async Task ProbeForeverAsync(Enclave enclave, CancellationToken cancellationToken)
    {
        var prober = new Prober(enclave, pooledProbe, time);
        long? lastStart = null;
        var failedDials = 0;
        var jitter = Jitter();
        while (!enclave.IsRetired)
        {
            var wanted = enclave.ProbeWanted.Next;
            var options = configuration.Options;
            var probe = options.Health.Probe;

            // With the probe off nothing is owed at the start: dials tell.
            var pause = lastStart is null && probe.Enabled ? TimeSpan.Zero : ProbeSchedule.Next(enclave, probe, failedDials);
            if (pause is null)
            {
                await wanted.WaitAsync(cancellationToken);
                continue;
            }

            if (pause == probe.Interval)
                pause *= jitter;
            var left = lastStart is { } start ? pause.Value - time.GetElapsedTime(start) : pause.Value;
            if (left > TimeSpan.Zero)
            {
                lastStart ??= time.GetTimestamp();
                await WakeSignal.WaitAsync(wanted, left, time, cancellationToken);
                continue;
            }

            var evidence = enclave.TakeEvidence();
            lastStart = time.GetTimestamp();
            jitter = Jitter();
            var effective = !probe.Enabled ? probe with { Type = ProbeType.Connect, Port = null }
                : enclave.Probe is { } type ? probe with { Type = type, Port = null } : probe;

            // Evidence against new connections, and the return of one that was out, are not judged by an old connection.
            var mayReuse = enclave.Condition.State == EnclaveState.Healthy
                && evidence is not { Kind: EvidenceKind.DialFailed or EvidenceKind.ResponseCut };
            var timeout = ProbeSchedule.Timeout(evidence, probe);
            if (await prober.ProbeAsync(effective, options.Routing.HttpVersion, timeout, mayReuse, cancellationToken) is not { } result)
                continue;
            failedDials = result.Ok ? 0 : failedDials + 1;

            // What came meanwhile this failure confirms as well as another probe would, two seconds later.
            if (!result.Ok)
                evidence ??= enclave.TakeEvidence();
            enclave.ReportProbe(result, evidence is not null);
            HealthLog.Probed(logger, enclave, result.Code, result.Detail);
        }
    }
}
