using System.Collections.Concurrent;
using ParentProxy.Configuration;

namespace ParentProxy.Egress;

/// <summary>What is counted of egress; goes on when a reload removes a listener and adds it again.</summary>
internal sealed class EgressCounts
{
    /// <summary>In the place of a rule where none decided.</summary>
    public const EgressRuleOptions? NoRule = null;

    private const string NoRuleLabel = "none";

    private readonly ConcurrentDictionary<(string Listener, string Rule, EgressResult Result), StrongCount> _results = new();
    private readonly ConcurrentDictionary<string, Carried> _carried = new(StringComparer.Ordinal);

    /// <summary>Connections that came out, by listener, rule and result.</summary>
    public IEnumerable<(string Listener, string Rule, EgressResult Result, long Count)> Results =>
        _results.Select(pair => (pair.Key.Listener, pair.Key.Rule, pair.Key.Result, pair.Value.Read()));

    /// <summary>Bytes that were carried, by listener.</summary>
    public IEnumerable<(string Listener, long FromEnclaves, long ToEnclaves)> Bytes =>
        _carried.Select(pair => (pair.Key, pair.Value.FromEnclaves.Read(), pair.Value.ToEnclaves.Read()));

    /// <summary>A connection came out.</summary>
    /// <param name="listener">The address where it was accepted.</param>
    /// <param name="rule">The rule that decided; null without one.</param>
    /// <param name="result">How it came out.</param>
    public void Count(string listener, EgressRuleOptions? rule, EgressResult result) =>
        _results.GetOrAdd((listener, Label(rule), result), static _ => new StrongCount()).Add(1);

    /// <summary>So many bytes more were carried each way.</summary>
    public void Add(string listener, long fromEnclaves, long toEnclaves)
    {
        if (fromEnclaves == 0 && toEnclaves == 0)
            return;
        var carried = _carried.GetOrAdd(listener, static _ => new Carried());
        carried.FromEnclaves.Add(fromEnclaves);
        carried.ToEnclaves.Add(toEnclaves);
    }

    /// <summary>How many connections of a listener did not come to their destination.</summary>
    public long Refused(string listener) =>
        Results.Where(result => result.Listener == listener && result.Result != EgressResult.Ok).Sum(result => result.Count);

    /// <summary>The lines of an allowlist file may be thousands, which are too many for a label: they count as one rule.</summary>
    private static string Label(EgressRuleOptions? rule) => rule switch
    {
        null => NoRuleLabel,
        { IsOfFile: true, Location: var line } => line[..line.LastIndexOf(':')],
        _ => rule.Location,
    };

    private sealed class Carried
    {
        public StrongCount FromEnclaves { get; } = new();

        public StrongCount ToEnclaves { get; } = new();
    }

    private sealed class StrongCount
    {
        private long _value;

        public long Read() => Interlocked.Read(ref _value);

        public void Add(long count) => Interlocked.Add(ref _value, count);
    }
}
