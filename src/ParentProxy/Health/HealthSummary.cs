using ParentProxy.Configuration;
using ParentProxy.Enclaves;

namespace ParentProxy.Health;

/// <summary>The health of the whole, as both listeners tell it.</summary>
/// <param name="Status"><c>healthy</c>, <c>degraded</c>, <c>unhealthy</c> or <c>draining</c>.</param>
/// <param name="Healthy">Enclaves whose probes succeed.</param>
/// <param name="Total">Enclaves that count.</param>
internal sealed record HealthSummary(string Status, int Healthy, int Total)
{
    /// <summary>Whether traffic should come: the status code is 200, else 503.</summary>
    public bool IsReady => Status is "healthy" or "degraded";

    /// <summary>Sums up the registry.</summary>
    public static HealthSummary Of(EnclaveRegistry registry, ActiveConfiguration configuration, DrainState drain)
    {
        int healthy = 0, total = 0;
        foreach (var enclave in registry.All)
        {
            if (!enclave.IsCounted)
                continue;
            total++;
            healthy += enclave.Status.ProbeHealthy ? 1 : 0;
        }

        // Without enclaves that count (a ReverseProxy section alone) there is nothing to fall short of, unless they are still looked for.
        var enough = (total == 0 && !configuration.Options.Discovery.Enabled) || healthy >= configuration.Options.Health.MinHealthy;
        var status = drain.IsDraining ? "draining" : !enough ? "unhealthy" : healthy < total ? "degraded" : "healthy";
        return new HealthSummary(status, healthy, total);
    }
}
