using System.Buffers;
using System.Collections.Frozen;
using ParentProxy.Configuration;
using ParentProxy.Ingress.Pipeline;

namespace ParentProxy.Ingress.Limiting;

/// <summary>The rules of <c>Limits:RateLimits</c> that are in effect, by their paths.</summary>
internal sealed class RateLimits : IDisposable
{
    private const int OrdinaryLength = 256;

    private readonly TimeProvider _time;
    private Table _table = Table.Empty;

    /// <summary>The rules of a configuration.</summary>
    /// <param name="options">The configuration.</param>
    /// <param name="time">The clock.</param>
    public RateLimits(LimitOptions options, TimeProvider time)
    {
        _time = time;
        Apply(options);
    }

    /// <summary>All rules in effect, in the order in which they are written.</summary>
    public IReadOnlyList<RateLimitRule> Rules => Volatile.Read(ref _table).Rules;

    /// <summary>Puts other rules into effect. Those that have not changed keep what was used of them.</summary>
    public void Apply(LimitOptions options)
    {
        var before = _table.Rules;
        var rules = options.RateLimits.Select(rule => Keep(before, rule)).ToList();
        Volatile.Write(ref _table, new Table(rules));
        foreach (var rule in before.Except(rules))
            rule.Dispose();
    }

    /// <summary>The rule for a request; null for none. Costs no memory.</summary>
    /// <param name="rawTarget">The request target as it stood on the wire.</param>
    public RateLimitRule? Find(string rawTarget)
    {
        var table = Volatile.Read(ref _table);
        if (table.Rules.Count == 0)
            return null;
        var path = RawTarget.Path(rawTarget);
        if (path.IsEmpty)
            return null;
        var length = RateLimitPath.BufferLength(path.Length);
        if (length <= OrdinaryLength)
            return table.Find(path, stackalloc char[OrdinaryLength]);
        var rented = ArrayPool<char>.Shared.Rent(length);
        try
        {
            return table.Find(path, rented);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(rented);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var rule in _table.Rules)
            rule.Dispose();
    }

    // What was refused on a path goes on being counted: a counter never runs backwards.
    private RateLimitRule Keep(IReadOnlyList<RateLimitRule> before, RateLimitOptions options) =>
        before.FirstOrDefault(rule => rule.Options == options)
        ?? new RateLimitRule(
            options, before.FirstOrDefault(rule => rule.Options.Path == options.Path)?.Counts ?? new RateLimitCounts(_time), _time);

    private sealed class Table
    {
        private readonly FrozenDictionary<string, RateLimitRule>.AlternateLookup<ReadOnlySpan<char>> _exact;
        private readonly (string Prefix, RateLimitRule Rule)[] _prefixes;
        private readonly (string Path, RateLimitRule Rule)[] _all;

        public Table(IReadOnlyList<RateLimitRule> rules)
        {
            Rules = rules;
            var paths = rules.Select(rule => (Path: RateLimitPath.Of(rule.Options.Path), Rule: rule)).ToLookup(pair => pair.Path.IsPrefix);
            _exact = paths[false].ToFrozenDictionary(pair => pair.Path.Normal, pair => pair.Rule, StringComparer.OrdinalIgnoreCase)
                .GetAlternateLookup<ReadOnlySpan<char>>();
            _all = [.. paths[false].Concat(paths[true]).Select(pair => (pair.Path.Normal, pair.Rule))];
            _prefixes = [.. paths[true].Select(pair => (pair.Path.Normal, pair.Rule)).OrderByDescending(pair => pair.Normal.Length)];
        }

        public static Table Empty { get; } = new([]);

        public IReadOnlyList<RateLimitRule> Rules { get; }

        /// <summary>The rule for this very path, else that of the longest beginning.</summary>
        public RateLimitRule? Find(ReadOnlySpan<char> path, Span<char> buffer)
        {
            ReadOnlySpan<char> normal = buffer[..RateLimitPath.Normalize(path, buffer)];
            if (_exact.TryGetValue(normal, out var exact))
                return exact;
            foreach (var (prefix, rule) in _prefixes)
            {
                if (normal.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
                    return rule;
            }

            return path.ContainsAny('.', '%') ? FindAnySpelling(path, buffer) : null;
        }

        private RateLimitRule? FindAnySpelling(ReadOnlySpan<char> path, Span<char> buffer)
        {
            ReadOnlySpan<char> flat = buffer[..RateLimitPath.Flatten(path, buffer, out var hasParent)];
            if (!hasParent)
                return null;
            foreach (var (meant, rule) in _all)
            {
                if (RateLimitPath.MayBe(flat, meant))
                    return rule;
            }

            return null;
        }
    }
}
