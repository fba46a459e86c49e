using System.Diagnostics.Metrics;

namespace ParentProxy.Inside.Application;

/// <summary>What is measured of the application; read when it is asked for.</summary>
internal sealed class ApplicationInstruments
{
    /// <summary>Adds them to the meter.</summary>
    public ApplicationInstruments(Meter meter, Supervisor application)
    {
        meter.CreateObservableGauge(
            "parentproxy.inside.application.up",
            () => application.Status.State == ApplicationState.Ready ? 1 : 0,
            null,
            "Whether the application serves: 1, or 0 when it does not.");
        meter.CreateObservableCounter(
            "parentproxy.inside.application.restarts",
            () => (long)application.Status.Restarts,
            null,
            "How often the application was started again.");
        meter.CreateObservableCounter(
            "parentproxy.inside.application.cpu",
            () => application.CpuSeconds,
            "s",
            "Processor time of the application, of all its runs and of the processes that it has waited for.");
        meter.CreateObservableGauge(
            "parentproxy.inside.application.memory",
            () => Memory(application),
            "By",
            "Memory that the application and its descendants have in use; what they share counts for each.");
    }

    private static long Memory(Supervisor application) => application.Status.Pid is { } pid
        ? (ProcessTable.Find(pid)?.ResidentBytes ?? 0) + ProcessTable.Descendants(pid).Sum(process => process.ResidentBytes)
        : 0;
}
