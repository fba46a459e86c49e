using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Transports;

namespace ParentProxy.Passthrough;

/// <summary>Finds a connection its enclave: chooses one, connects, chooses another when that fails, waits when there is none.</summary>
internal sealed class FailoverConnector(
    EnclaveRegistry registry, EnclaveSelector selector, EnclaveBalancer balancer, ActiveConfiguration configuration, TimeProvider time)
{
    /// <summary>Lets the first dial have its whole time.</summary>
    private static readonly TimeSpan DialSlack = TimeSpan.FromMilliseconds(200);

    /// <summary>Connects to one of the enclaves of a target.</summary>
    /// <param name="target">Among which.</param>
    /// <param name="options">The settings of the listener.</param>
    /// <param name="avoid">One that has just failed and is taken only if there is no other; null for none.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The connection. Its enclave has one more in flight, to be ended with <see cref="Enclave.EndRequest"/>.</returns>
    /// <exception cref="NoEnclaveException">None could be connected to in time.</exception>
    public async ValueTask<EnclaveConnection> ConnectAsync(
        PassthroughTarget target, PassthroughOptions options, Enclave? avoid, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var wait = configuration.Options.Retry.WaitForEnclave;
        var patience = options.ConnectTimeout > wait ? options.ConnectTimeout : wait;
        HashSet<Enclave>? tried = avoid is null ? null : [avoid];
        var (hasMetFullQueue, isPatient) = (false, false);
        var before = avoid;
        DialException? last = null;
        while (true)
        {
            // The signal is taken first: no change after the look is missed.
            var changed = registry.Changed.Next;
            var usable = selector.Usable(registry.Of(target), static enclave => enclave.Id);
            IReadOnlyList<Enclave> candidates = tried is null ? usable : [.. usable.Where(enclave => !tried.Contains(enclave))];
            if (candidates.Count == 0)
            {
                if (avoid is not null || hasMetFullQueue)
                {
                    // Of those that may have full accept queues, one is waited for now.
                    (isPatient, hasMetFullQueue, avoid, tried) = (hasMetFullQueue, false, null, null);
                    continue;
                }

                var ends = await selector.WaitAsync(
                    () => registry.Of(target).Select(static enclave => enclave.Id),
                    started,
                    usable.Count == 0 ? wait : patience,
                    changed,
                    cancellationToken);
                if (ends != WaitEnd.Usable)
                    throw new NoEnclaveException(Why(target, ends, last));
                tried = null;
                continue;
            }

            var enclave = balancer.Choose(target, candidates);
            (tried ??= []).Add(enclave);
            if (before is not null && before != enclave)
                before.Metrics.CountFailover();
            before = enclave;
            if (!enclave.TryBeginRequest(out var connector))
                continue;
            try
            {
                var endpoint = options.Port is { } port ? enclave.Endpoint.WithPort(port) : enclave.Endpoint;
                var left = patience + DialSlack - time.GetElapsedTime(started);
                var stream = await connector.ConnectAsync(
                    endpoint,
                    left < options.ConnectTimeout ? left : options.ConnectTimeout,
                    options.ConnectTimeout,
                    isPatient || candidates.Count == 1,
                    cancellationToken);
                return new EnclaveConnection(enclave, connector, stream);
            }
            catch (DialException ex)
            {
                enclave.EndRequest(connector);
                enclave.Metrics.Errors.Note(time.GetUtcNow(), ex.Code, ex.Message);
                last = ex;
                hasMetFullQueue |= ex.MayBeFullQueue && !isPatient && candidates.Count > 1;
            }
            catch
            {
                enclave.EndRequest(connector);
                throw;
            }

            if (patience <= time.GetElapsedTime(started))
                throw new NoEnclaveException(Why(target, WaitEnd.TimedOut, last));
        }
    }

    private string Why(PassthroughTarget target, WaitEnd ends, DialException? last)
    {
        if (ends == WaitEnd.TooMany)
            return $"{configuration.Options.Retry.MaxWaiting} connections and requests wait for an enclave already (Retry:MaxWaiting)";
        if (last is not null)
            return last.Message;
        var states = registry.Of(target)
            .Select(e => $"{e} is {e.Status.State.ToString().ToLowerInvariant()} ({e.Status.LastProbe?.Code ?? "not probed"})")
            .ToList();
        return $"no enclave of {target} is usable: {(states.Count == 0 ? "none is known" : string.Join(", ", states))}. "
            + "The admin listener's /health tells why.";
    }
}
