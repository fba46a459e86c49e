using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using ParentProxy.Configuration;

namespace ParentProxy.Enclaves;

/// <summary>What is measured of all enclaves: one <see cref="EnclaveMetrics"/> for each id that there ever was.</summary>
internal sealed class EnclaveMeter
{
    /// <summary>The only label of histograms.</summary>
    public const string Label = "enclave";

    private readonly ConcurrentDictionary<string, EnclaveMetrics> _byId = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Makes the instruments that requests write to; the counters are read by whoever shows them.</summary>
    public EnclaveMeter(Meter meter)
    {
        RequestDuration = Seconds(
            "parentproxy.request.duration", "Requests from arrival to end, those that became tunnels until the response head.");
        QueueDuration = Seconds(
            "parentproxy.request.queue.duration",
            "Requests from arrival until they had a connection to an enclave, the dial not counted.");
        TimeToFirstByte = Seconds(
            "parentproxy.time_to_first_byte", "Requests from the connection until the enclave's response head.");
        ConnectDuration = Seconds("parentproxy.connect.duration", "Dials to enclaves for requests, whatever their result.");
        ProbeDuration = Seconds("parentproxy.probe.duration", "Health probes from the dial to the verdict.");
        None = Of(Names.NoEnclave);

        Histogram<double> Seconds(string name, string description) => meter.CreateHistogram<double>(name, "s", description);
    }

    /// <summary>Whole requests, in seconds.</summary>
    public Histogram<double> RequestDuration { get; }

    /// <summary>Requests until they have a connection, in seconds.</summary>
    public Histogram<double> QueueDuration { get; }

    /// <summary>Requests from their connection to the response head, in seconds.</summary>
    public Histogram<double> TimeToFirstByte { get; }

    /// <summary>Dials for requests, in seconds.</summary>
    public Histogram<double> ConnectDuration { get; }

    /// <summary>Health probes from the dial to the verdict, in seconds.</summary>
    public Histogram<double> ProbeDuration { get; }

    /// <summary>What reached no enclave.</summary>
    public EnclaveMetrics None { get; }

    /// <summary>All that were ever counted, <see cref="None"/> with them.</summary>
    public IEnumerable<EnclaveMetrics> All => _byId.Values;

    /// <summary>What is measured of an enclave, from its first use on.</summary>
    public EnclaveMetrics Of(string id) => _byId.GetOrAdd(id, static (key, meter) => new EnclaveMetrics(meter, key), this);
}
