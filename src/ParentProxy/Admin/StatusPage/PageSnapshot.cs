using ParentProxy.Admin.History;
using ParentProxy.Capabilities;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Discovery;
using ParentProxy.Health;
using ParentProxy.Runtime;

namespace ParentProxy.Admin.StatusPage;

/// <summary>What one page shows, read once, so that its parts agree.</summary>
internal sealed class PageSnapshot
{
    /// <summary>Steps of the history that make the last minute.</summary>
    private const int MinuteSteps = 12;

    /// <summary>From this share of errors on they are worth a line.</summary>
    private const double NotableErrors = 0.01;

    /// <summary>From this many outages in 15 minutes on an enclave does not just restart.</summary>
    private const int FlappingOutages = 3;

    public PageSnapshot(PageSources sources)
    {
        Sources = sources;
        Now = sources.Time.GetUtcNow();
        (Summary, Since) = sources.Watch.Look();
        Options = sources.Configuration.Options;
        Enclaves =
        [
            .. sources.Registry.All
                .Select(enclave => new EnclaveFacts(enclave, enclave.Status, sources.History.Of(enclave.Id)))
                .OrderBy(enclave => enclave.Rank),
        ];
        Leaving =
        [
            .. sources.Registry.Leaving
                .Where(enclave => enclave.InFlight > 0)
                .Select(enclave => new EnclaveFacts(enclave, enclave.Status, [])),
        ];
        Traffic = sources.History.Total.Samples;
        LastMinute = MinuteOf(Traffic);
        UnreachedLastMinute = MinuteOf(sources.History.None.Samples);
        var moment = new StatusMoment(Now, Options, IsDraining);
        Parts = [.. sources.Sections.Select(section => section.Read(moment))];
        Settings = sources.Settings.Read(moment);
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

    /// <summary>The enclaves, the worst first, else in the order of the configuration.</summary>
    public IReadOnlyList<EnclaveFacts> Enclaves { get; }

    /// <summary>Enclaves that left the configuration and still have requests.</summary>
    public IReadOnlyList<EnclaveFacts> Leaving { get; }

    /// <summary>Whether any enclave takes traffic.</summary>
    public bool IsAnyUsable => Enclaves.Any(enclave => enclave.Status.State == EnclaveState.Healthy);

    /// <summary>Whether there is a whole minute of samples.</summary>
    public bool IsMinuteKnown => Traffic.Count >= MinuteSteps;

    /// <summary>Whether this proxy is on its way to its end.</summary>
    public bool IsDraining => Summary.Status == "draining";

    /// <summary>The samples of all requests, the oldest first.</summary>
    public IReadOnlyList<TrafficSample> Traffic { get; }

    /// <summary>Whether so many of all answers are errors that it is worth a line.</summary>
    public bool IsFailing => LastMinute.ErrorShare >= NotableErrors;

    /// <summary>All requests of the last minute.</summary>
    public TrafficSample LastMinute { get; }

    /// <summary>Those of them that reached no enclave.</summary>
    public TrafficSample UnreachedLastMinute { get; }

    /// <summary>What the capabilities show, in the order of their sections.</summary>
    public IReadOnlyList<StatusPart> Parts { get; }

    /// <summary>The configuration in effect, and how its reloads went.</summary>
    public StatusPart Settings { get; }

    /// <summary>Discovery; null while it is off.</summary>
    public DiscoveryView? Discovery { get; }

    /// <summary>Why the last call of nitro-cli failed; null when it succeeded.</summary>
    public DescribeFailure? DiscoveryFailure { get; }

    /// <summary>Descriptors that this process has open; null when they cannot be counted.</summary>
    public long? OpenFiles { get; }

    /// <summary>How many it may have; null when that is not known or not limited.</summary>
    public long? MaxOpenFiles { get; }

    /// <summary>Requests that wait until an enclave can be dialled.</summary>
    public long WaitingForEnclave => Sources.Selector.Waiting;

    /// <summary>Requests that wait for a free connection.</summary>
    public long WaitingForConnection => Enclaves.Sum(enclave => (long)enclave.Enclave.Queued);

    // What there is of it.
    private static TrafficSample MinuteOf(IReadOnlyList<TrafficSample> samples) => TrafficSample.Sum([.. samples.TakeLast(MinuteSteps)]);

    /// <summary>An enclave, its state at this moment, and its history.</summary>
    internal sealed record EnclaveFacts(Enclave Enclave, EnclaveStatus Status, IReadOnlyList<TrafficSample> History)
    {
        /// <summary>Its requests of the last minute.</summary>
        public TrafficSample LastMinute { get; } = MinuteOf(History);

        /// <summary>Its requests of the last 15 minutes.</summary>
        public TrafficSample Recent { get; } = TrafficSample.Sum(History);

        /// <summary>Whether so many of its answers are errors that it is worth a line.</summary>
        public bool IsFailing => LastMinute.ErrorShare >= NotableErrors;

        /// <summary>Whether it goes out again and again.</summary>
        public bool IsFlapping => Recent.Outages >= FlappingOutages;

        /// <summary>The worst has the lowest. Depends on little that changes often, so that rows keep their places.</summary>
        public int Rank => Status.State switch
        {
            EnclaveState.Unhealthy or EnclaveState.Untrusted => 0,
            EnclaveState.Ejected => 1,
            EnclaveState.Starting or EnclaveState.Draining => 2,
            EnclaveState.Healthy => IsFailing || IsFlapping ? 3 : 4,
            _ => 5,
        };

        /// <summary>How operators call it.</summary>
        public string Label { get; } = Enclave.Id == Enclave.Name ? Enclave.Id : $"{Enclave.Id} ({Enclave.Name})";
    }
}
