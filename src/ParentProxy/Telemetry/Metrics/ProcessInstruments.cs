using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using ParentProxy.Runtime;

namespace ParentProxy.Telemetry.Metrics;

/// <summary>
/// The process as the operating system sees it, under the names that Prometheus' own client libraries use
/// (<c>process_*</c>), so that every dashboard finds them.
/// </summary>
internal static class ProcessInstruments
{
    /// <summary>Adds them to a meter.</summary>
    public static void Add(Meter meter)
    {
        meter.CreateObservableCounter(
            "process.cpu",
            () => Environment.CpuUsage.TotalTime.TotalSeconds,
            "s",
            "Processor time of the process, user and system.");
        if (StartTime() is { } started)
            meter.CreateObservableGauge("process.start_time", () => started, "s", "When the process started, in seconds since 1970.");
        meter.CreateObservableGauge(
            "process.resident_memory",
            () => Known(ProcessStatus.Read()?.ResidentBytes),
            "By",
            "Memory of the process that is in RAM.");
        meter.CreateObservableGauge(
            "process.virtual_memory", () => Known(ProcessStatus.Read()?.VirtualBytes), "By", "Address space of the process.");
        meter.CreateObservableGauge("process.threads", () => Known(ProcessStatus.Read()?.Threads), null, "Threads of the process.");
        meter.CreateObservableGauge("process.open_fds", () => Known(ProcessStatus.OpenDescriptors()), null, "Descriptors that are open.");
        meter.CreateObservableGauge(
            "process.max_fds", () => Known(OpenFileLimit.Current()), null, "Descriptors that may be open (LimitNOFILE).");
        meter.CreateObservableGauge(
            "parentproxy.thread_pool.threads", () => ThreadPool.ThreadCount, null, "Threads of the runtime's pool.");
    }

    /// <summary>In seconds since 1970; null where there is no <c>/proc</c> that tells.</summary>
    private static double? StartTime()
    {
        try
        {
            using var self = Process.GetCurrentProcess();
            return new DateTimeOffset(self.StartTime).ToUnixTimeMilliseconds() / 1000.0;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static Measurement<long>[] Known(long? value) => value is { } known ? [new Measurement<long>(known)] : [];
}
