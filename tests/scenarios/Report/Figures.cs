using ParentProxy.Scenarios.Enclaves;
using ParentProxy.Scenarios.Load;
using ParentProxy.Scenarios.Scenarios;

namespace ParentProxy.Scenarios.Report;

/// <summary>What one run came to.</summary>
internal sealed class Figures
{
    /// <summary>From here on a client notices.</summary>
    private static readonly TimeSpan Noticeable = TimeSpan.FromMilliseconds(500);

    // A load generator that comes late has measured the machine.
    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(100);
    private const double MuchStolen = 0.1;

    private readonly IReadOnlyList<Sample> _samples;
    private readonly IReadOnlyList<Arrival> _arrivals;
    private readonly HashSet<string> _sentToFaulty;
    private readonly Fault? _fault;

    /// <summary>Counts a run.</summary>
    /// <param name="front">The front's name.</param>
    /// <param name="samples">What clients saw.</param>
    /// <param name="ledger">What enclaves saw.</param>
    /// <param name="fault">What went wrong, if anything did.</param>
    /// <param name="log">What the front said.</param>
    /// <param name="broken">Why the scenario could not be played to its end, or null.</param>
    public Figures(string front, IReadOnlyList<Sample> samples, Ledger ledger, Fault? fault, IReadOnlyList<string> log, string? broken)
    {
        var ids = samples.Select(s => s.Id).ToHashSet();
        Front = front;
        Log = log;
        Broken = broken;
        ErrorsSent = ledger.ErrorsSent;
        Unexplained = samples.Where(s => !s.Failed).Select(s => s.Id).Except(ledger.Arrivals.Select(a => a.Id)).Count();
        _samples = samples;
        _fault = fault;
        _arrivals = [.. ledger.Arrivals.Where(a => ids.Contains(a.Id))];
        _sentToFaulty = [.. _arrivals.Where(a => fault?.Enclaves.Contains(a.Enclave) ?? false).Select(a => a.Id)];
    }

    /// <summary>The front's name.</summary>
    public string Front { get; }

    /// <summary>What the front said.</summary>
    public IReadOnlyList<string> Log { get; }

    /// <summary>Why the scenario could not be played to its end, or null.</summary>
    public string? Broken { get; }

    /// <summary>Answers to requests that no enclave has seen: then the suite itself is wrong.</summary>
    public int Unexplained { get; }

    /// <summary>Requests of clients.</summary>
    public int Requests => _samples.Count;

    /// <summary>GETs among them.</summary>
    public int Gets => _samples.Count(s => !s.IsPost);

    /// <summary>POSTs among them.</summary>
    public int Posts => _samples.Count(s => s.IsPost);

    /// <summary>Requests whose client did not get its answer.</summary>
    public int Failed => _samples.Count(s => s.Failed);

    /// <summary>GETs among them.</summary>
    public int FailedGets => FailuresOf(isPost: false).Count;

    /// <summary>POSTs among them.</summary>
    public int FailedPosts => FailuresOf(isPost: true).Count;

    /// <summary>Failed POSTs of which some had come to an enclave that failed: nobody can know what it made of them.</summary>
    public int SentPosts => FailuresOf(isPost: true).Count(WasSent);

    /// <summary>Failed POSTs that could have been kept.</summary>
    public int LostPosts => FailedPosts - SentPosts;

    /// <summary>POSTs that were read whole more than once.</summary>
    public int Duplicates => _arrivals.Where(a => a is { IsPost: true, IsWhole: true }).CountBy(a => a.Id).Count(a => a.Value > 1);

    /// <summary>Requests that enclaves saw.</summary>
    public int Attempts => _arrivals.Count;

    /// <summary>Answers of 500 that enclaves gave.</summary>
    public int ErrorsSent { get; }

    /// <summary>Answers of 500 that clients got.</summary>
    public int ApplicationErrors => _samples.Count(s => s.Outcome == Outcome.OtherStatus);

    /// <summary>Latencies of what was answered.</summary>
    public Latencies Answered => new(_samples.Where(s => !s.Failed).Select(s => s.Latency));

    /// <summary>The longest time that a GET took, answered or not.</summary>
    public TimeSpan LongestGet => _samples.Where(s => !s.IsPost).Select(s => s.Latency).DefaultIfEmpty().Max();

    /// <summary>Latencies before the fault.</summary>
    public Latencies BeforeFault => new(_samples.Where(s => _fault is null || s.Ended < _fault.At).Select(s => s.Latency));

    /// <summary>Latencies since the fault of requests that never came to an enclave that failed.</summary>
    public Latencies OthersAfterFault =>
        new(_samples.Where(s => _fault is not null && s.Scheduled >= _fault.At && !_sentToFaulty.Contains(s.Id)).Select(s => s.Latency));

    /// <summary>
    /// From the fault until the last request was over that failed or took noticeably long; POSTs aside that were sent already.
    /// </summary>
    public TimeSpan RecoveredAfter => SinceFault(_samples
        .Where(s => (s.Failed || s.Ended - s.Sent > Noticeable) && !(s.IsPost && s.Failed && WasSent(s)))
        .Select(s => s.Ended));

    /// <summary>From the fault until the last request came to an enclave that failed, while it did.</summary>
    public TimeSpan OutAfter => SinceFault(_arrivals.Where(a => IsAtFault(a) && !(a.At >= _fault!.Until)).Select(a => a.At));

    /// <summary>Requests that came to the enclave in the second half of its fault.</summary>
    public int ArrivalsAtTheEndOfFault =>
        _fault is { Until: { } until } fault ? _arrivals.Count(a => IsAtFault(a) && a.At > (fault.At + until) / 2 && a.At < until) : 0;

    /// <summary>Requests that came to the enclave since it works again.</summary>
    public int ArrivalsAfterMend => _fault?.Until is { } until ? _arrivals.Count(a => IsAtFault(a) && a.At > until) : 0;

    /// <summary>How late the load generator was at most: a busy machine.</summary>
    public TimeSpan Lateness => _samples.Select(s => s.Sent - s.Scheduled).DefaultIfEmpty().Max();

    /// <summary>The share of the wanted processor time that other virtual machines had, 0 to 1.</summary>
    public double Stolen { get; init; }

    /// <summary>Whether the load came too late for what was measured to tell of the front alone.</summary>
    public bool IsLate => Lateness > Late;

    /// <summary>Whether it did because the machine had too little of the processor: a front that takes all of it is no excuse.</summary>
    public bool IsStarved => IsLate && Stolen > MuchStolen;

    /// <summary>Failures by their kind.</summary>
    public IEnumerable<KeyValuePair<Outcome, int>> FailuresByKind(bool isPost) =>
        FailuresOf(isPost).CountBy(s => s.Outcome).OrderBy(k => k.Key);

    /// <summary>Requests that came to an enclave within these seconds of the run.</summary>
    public int Arrived(string enclave, double from, double to) =>
        _arrivals.Count(a => a.Enclave == enclave && a.At.TotalSeconds >= from && a.At.TotalSeconds < to);

    private List<Sample> FailuresOf(bool isPost) => [.. _samples.Where(s => s.Failed && s.IsPost == isPost)];

    private bool WasSent(Sample sample) => _sentToFaulty.Contains(sample.Id);

    private bool IsAtFault(Arrival arrival) => _fault is not null && _fault.Enclaves.Contains(arrival.Enclave);

    private TimeSpan SinceFault(IEnumerable<TimeSpan> times)
    {
        var start = _fault?.At ?? TimeSpan.Zero;
        return times.Append(start).Max() - start;
    }
}
