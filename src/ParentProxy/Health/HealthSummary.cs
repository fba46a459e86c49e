using ParentProxy.Configuration;
using ParentProxy.Enclaves;

namespace ParentProxy.Health;

/// <summary>The health of the whole, as both listeners tell it.</summary>
/// <param name="Status"><c>healthy</c>, <c>degraded</c>, <c>unhealthy</c> or <c>draining</c>.</param>
/// <param name="Healthy">Enclaves whose probes succeed.</param>
/// <param name="Total">Enclaves that count.</param>
/// <param name="Refusal">Why new connections are not let in; null while they are.</param>
internal sealed record HealthSummary(string Status, int Healthy, int Total, string? Refusal)
{
    /// <summary>Whether traffic should come: the status code is 200, else 503.</summary>
    public bool IsReady => Status is "healthy" or "degraded";

    /// <summary>Why it is ready or not, in a word where that says it.</summary>
    public string Reason => Status == "draining" ? Status : Refusal ?? Status;

    /// <summary>Sums up the registry and the listeners: who cannot connect is helped by no healthy enclave.</summary>
    public static HealthSummary Of(EnclaveRegistry registry, ActiveConfiguration configuration, DrainState drain, string? refusal)
    {
        int healthy = 0, total = 0;
        foreach (var enclave in registry.All)
        {
            if (!enclave.IsCounted)
                continue;
            total++;
            healthy += enclave.Status.ProbeHealthy ? 1 : 0;
        }

        // Without enclaves that count (a ReverseProxy section alone) there is nothing to fall short of, unless they are still
        // looked for.
        var enough = (total == 0 && !configuration.Options.Discovery.Enabled) || healthy >= configuration.Options.Health.MinHealthy;
        var status = drain.IsDraining ? "draining"
            : !enough || refusal is not null ? "unhealthy"
            : healthy < total ? "degraded"
            : "healthy";
        return new HealthSummary(status, healthy, total, refusal);
    }
}
