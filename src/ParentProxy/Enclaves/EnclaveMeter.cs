using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace ParentProxy.Enclaves;

/// <summary>What is measured of all enclaves: one <see cref="EnclaveMetrics"/> for each id that there ever was.</summary>
internal sealed class EnclaveMeter
{
    /// <summary>The only label of histograms.</summary>
    public const string Label = "enclave";

    /// <summary>The label of what reached no enclave.</summary>
    public const string NoEnclave = "none";

    private readonly ConcurrentDictionary<string, EnclaveMetrics> _byId = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Makes the instruments that requests write to; the counters are read by whoever shows them.</summary>
    public EnclaveMeter(Meter meter)
    {
        RequestDuration = Histogram(meter, "parentproxy.request.duration", "Requests from arrival to end, those that became tunnels until the response head.");
        QueueDuration = Histogram(meter, "parentproxy.request.queue.duration", "Requests from arrival until they had a connection to an enclave, the dial not counted.");
        TimeToFirstByte = Histogram(meter, "parentproxy.time_to_first_byte", "Requests from the connection until the enclave's response head.");
        ConnectDuration = Histogram(meter, "parentproxy.connect.duration", "Dials to enclaves for requests, whatever their result.");
        ProbeDuration = Histogram(meter, "parentproxy.probe.duration", "Health probes from the dial to the verdict.");
        None = Of(NoEnclave);
    }

    /// <summary>Whole requests.</summary>
    public Histogram<double> RequestDuration { get; }

    /// <summary>Requests without a connection.</summary>
    public Histogram<double> QueueDuration { get; }

    /// <summary>Requests without a response head.</summary>
    public Histogram<double> TimeToFirstByte { get; }

    /// <summary>Dials for requests.</summary>
    public Histogram<double> ConnectDuration { get; }

    /// <summary>Probes.</summary>
    public Histogram<double> ProbeDuration { get; }

    /// <summary>What reached no enclave.</summary>
    public EnclaveMetrics None { get; }

    /// <summary>All that were ever counted, <see cref="None"/> with them.</summary>
    public IEnumerable<EnclaveMetrics> All => _byId.Values;

    /// <summary>Those of an enclave.</summary>
    public EnclaveMetrics Of(string id) => _byId.GetOrAdd(id, static (key, meter) => new EnclaveMetrics(meter, key), this);

    private static Histogram<double> Histogram(Meter meter, string name, string description) => meter.CreateHistogram<double>(name, "s", description);
}
