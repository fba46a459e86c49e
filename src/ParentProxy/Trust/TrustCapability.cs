using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using ParentProxy.Attestation;
using ParentProxy.Capabilities;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;

namespace ParentProxy.Trust;

/// <summary>What enclaves can prove of themselves, and what follows from it.</summary>
internal sealed class TrustCapability : ICapability
{
    private readonly ConditionalWeakTable<Enclave, TrustWatch> _watches = [];
    private readonly EnclaveRegistry _registry;
    private readonly ActiveConfiguration _configuration;
    private readonly EnclaveLoops _loops;

    /// <summary>Knows the enclaves, and asks none of them yet.</summary>
    /// <param name="registry">The enclaves.</param>
    /// <param name="configuration">What is in effect.</param>
    /// <param name="time">The clock, which documents are judged by as well.</param>
    /// <param name="loggers">The log.</param>
    public TrustCapability(EnclaveRegistry registry, ActiveConfiguration configuration, TimeProvider time, ILoggerFactory loggers)
    {
        var logger = loggers.CreateLogger<TrustCapability>();
        var verifier = new AttestationVerifier(time);
        _registry = registry;
        _configuration = configuration;
        _loops = new EnclaveLoops(
            registry,
            (enclave, cancellationToken) => WatchOf(enclave).RunAsync(cancellationToken),
            enclave => WatchOf(enclave).Follow(),
            (enclave, ex) =>
            {
                TrustLog.LoopFailed(logger, enclave, ex);
                WatchOf(enclave).GiveUp(ex);
            });

        TrustWatch WatchOf(Enclave enclave) => _watches.GetValue(
            enclave, key => new TrustWatch(key, registry, verifier, configuration, time, logger));
    }

    /// <inheritdoc/>
    public void AddInstruments(Meter meter) => TrustInstruments.Add(meter, _configuration);

    /// <inheritdoc/>
    public Task OpenAsync(CancellationToken cancellationToken)
    {
        _loops.Start();
        return Task.CompletedTask;
    }

    /// <summary>Where it decides on traffic, waits until every enclave was asked once, with whatever result.</summary>
    public async Task FirstRoundAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = _registry.Changed.Next;
            if (_configuration.Options.Attestation.Mode != AttestationMode.Enforce || _registry.All.All(e => e.Attestation is not null))
                return;
            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _loops.DisposeAsync();
}
