using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Discovery;
using ParentProxy.Health;
using ParentProxy.History;
using ParentProxy.Sockets;
using ParentProxy.Telemetry.Metrics;

namespace ParentProxy.Admin.StatusPage;

/// <summary>What one page shows, read once, so that its parts agree.</summary>
internal sealed class PageSnapshot
{
    /// <summary>Steps of the history that make the last minute.</summary>
    private const int MinuteSteps = 12;

    /// <summary>Reads everything.</summary>
    public PageSnapshot(PageSources sources)
    {
        Sources = sources;
        Now = sources.Time.GetUtcNow();
        (Summary, Since) = sources.Watch.Look();
        Options = sources.Configuration.Options;
        Enclaves = [.. sources.Registry.All.Select(enclave => new EnclaveFacts(enclave, enclave.Status, sources.History.Of(enclave.Id)))];
        Traffic = sources.History.Total.Samples;
        LastMinute = Sum(Traffic);
        UnreachedLastMinute = Sum(sources.History.None.Samples);
        Listeners = [.. sources.Listeners().Select(ListenerView.Of).OrderBy(listener => listener.Endpoint, StringComparer.Ordinal)];
        Discovery = DiscoveryView.Of(sources.Discovery, sources.Registry, Options.Discovery, Now);
        OpenFiles = ProcessStatus.OpenDescriptors();
        MaxOpenFiles = OpenFileLimit.Current();
        DiscoveryFailure = sources.Discovery.Status.Failure;
    }

    /// <summary>Where it was read from, for figures that stand alone.</summary>
    public PageSources Sources { get; }

    /// <summary>When it was read.</summary>
    public DateTimeOffset Now { get; }

    /// <summary>The status of the whole.</summary>
    public HealthSummary Summary { get; }

    /// <summary>Since when it is that.</summary>
    public DateTimeOffset Since { get; }

    /// <summary>The configuration in effect.</summary>
    public ProxyOptions Options { get; }

    /// <summary>The enclaves.</summary>
    public IReadOnlyList<EnclaveFacts> Enclaves { get; }

    /// <summary>The samples of all requests, the oldest first.</summary>
    public IReadOnlyList<TrafficSample> Traffic { get; }

    /// <summary>All requests of the last minute.</summary>
    public TrafficSample LastMinute { get; }

    /// <summary>Those of them that reached no enclave.</summary>
    public TrafficSample UnreachedLastMinute { get; }

    /// <summary>The public listeners.</summary>
    public IReadOnlyList<ListenerView> Listeners { get; }

    /// <summary>Discovery; null while it is off.</summary>
    public DiscoveryView? Discovery { get; }

    /// <summary>Why the last call of nitro-cli failed; null when it succeeded.</summary>
    public DescribeFailure? DiscoveryFailure { get; }

    /// <summary>Descriptors that this process has open; null when they cannot be counted.</summary>
    public long? OpenFiles { get; }

    /// <summary>How many it may have; null when that is not known or not limited.</summary>
    public long? MaxOpenFiles { get; }

    /// <summary>Requests that wait until an enclave can be dialled.</summary>
    public long WaitingForEnclave => Sources.Retries.Waiting;

    /// <summary>Requests that wait for a free connection.</summary>
    public long WaitingForConnection => Enclaves.Sum(enclave => (long)enclave.Enclave.Queued);

    /// <summary>The last minute of some samples, or what there is of it.</summary>
    public static TrafficSample Sum(IReadOnlyList<TrafficSample> samples) =>
        samples.Skip(samples.Count - MinuteSteps).Aggregate(default(TrafficSample), (sum, sample) => sum + sample);

    /// <summary>An enclave, its state at this moment, and its history.</summary>
    internal sealed record EnclaveFacts(Enclave Enclave, EnclaveStatus Status, IReadOnlyList<TrafficSample> History)
    {
        /// <summary>Its requests of the last minute.</summary>
        public TrafficSample LastMinute { get; } = Sum(History);

        /// <summary>How operators call it.</summary>
        public string Label => Enclave.Id == Enclave.Name ? Enclave.Id : $"{Enclave.Id} ({Enclave.Name})";
    }
}
