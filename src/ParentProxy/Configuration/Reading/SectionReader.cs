using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using ParentProxy.Configuration.Sources;

namespace ParentProxy.Configuration.Reading;

/// <summary>
/// Reads one section, key by key. What is wrong goes to the report and reading goes on with the default, so that all
/// mistakes are found in one pass. Keys that nobody asked for are unknown: the calls are the schema, there is no second list.
/// </summary>
/// <remarks>
/// Most methods take the default as <c>defaults.Property</c> and read the key of that name, so that a key is written down
/// once, as a property.
/// </remarks>
internal sealed class SectionReader
{
    /// <summary>The shortest time above zero that a setting may hold.</summary>
    public static readonly TimeSpan ShortestDuration = TimeSpan.FromMilliseconds(1);

    private readonly ConfigurationNode _node;
    private readonly string _pattern;
    private readonly Dictionary<string, bool> _asked = new(StringComparer.OrdinalIgnoreCase);
    private bool _restIsKnown;

    private SectionReader(ConfigurationNode node, string pattern, ConfigurationReport report)
    {
        _node = node;
        _pattern = pattern;
        Report = report;
    }

    /// <summary>Where mistakes go: one report for the whole configuration.</summary>
    public ConfigurationReport Report { get; }

    /// <summary>The section's own key; an entry's name or position.</summary>
    public string Key => _node.Key;

    /// <summary>Where the section was written, for a message.</summary>
    public string Location => _node.Location;

    /// <summary>What was written, for libraries that read it themselves.</summary>
    public ConfigurationNode Node => _node;

    /// <summary>Reads a whole tree.</summary>
    public static T ReadRoot<T>(ConfigurationNode root, ConfigurationReport report, Func<SectionReader, T> read) =>
        Read(root, "", report, read);

    /// <summary>A value of any form.</summary>
    public T Value<T>(T fallback, Func<string, Parsed<T>> parse, [CallerArgumentExpression(nameof(fallback))] string key = "") =>
        TryValue(fallback, parse, out var value, key) ? value : fallback;

    /// <summary>A value of any form; false when it is wrong.</summary>
    public bool TryValue<T>(
        T fallback, Func<string, Parsed<T>> parse, out T value, [CallerArgumentExpression(nameof(fallback))] string key = "")
    {
        var node = Ask(key);
        if (node.IsSet)
            return Parse(node, parse, out value);
        value = fallback;
        return true;
    }

    /// <summary>A value that may be left out, which an empty text does, too: a variable cannot say <c>null</c>.</summary>
    public T Optional<T>(T fallback, Func<string, Parsed<T>> parse, [CallerArgumentExpression(nameof(fallback))] string key = "") =>
        Ask(key).Value is { Length: 0 } ? fallback : Value(fallback, parse, key);

    /// <summary>A value without which there is nothing to go on with; false when it is missing or wrong.</summary>
    public bool TryRequired<T>(string key, Func<string, Parsed<T>> parse, [MaybeNullWhen(false)] out T value)
    {
        if (Ask(key) is { IsSet: false } node)
        {
            Report.Problem(node.Location, node.Origin.Variable is { } variable ? $"is missing; set {variable}" : "is missing");
            value = default;
            return false;
        }

        return TryValue(default!, parse, out value, key);
    }

    /// <summary>Any text but an empty one.</summary>
    public string Text(string fallback, [CallerArgumentExpression(nameof(fallback))] string key = "") =>
        Value(fallback, text => text.Length > 0 ? text : new Mistake("is empty"), key);

    /// <summary>A text, null when left out.</summary>
    public string? OptionalText(string? fallback, [CallerArgumentExpression(nameof(fallback))] string key = "") =>
        Optional(fallback, text => text, key);

    /// <summary><c>true</c> or <c>false</c>, in any case; no other word.</summary>
    public bool Bool(bool fallback, [CallerArgumentExpression(nameof(fallback))] string key = "") => Value(fallback, Values.Bool, key);

    /// <summary>A whole number from <paramref name="min"/> to <paramref name="max"/>, both allowed.</summary>
    public T Number<T>(T fallback, T min, T max, [CallerArgumentExpression(nameof(fallback))] string key = "")
        where T : struct, IBinaryInteger<T> => Value(fallback, text => Values.Number(text, min, max), key);

    /// <summary>A whole number, null when left out.</summary>
    public T? OptionalNumber<T>(T? fallback, T min, T max, [CallerArgumentExpression(nameof(fallback))] string key = "")
        where T : struct, IBinaryInteger<T> =>
        Optional(
            fallback, text => Values.Number(text, min, max) is var (value, reason) && reason is null ? value : new Mistake(reason!), key);

    /// <summary>A time above zero.</summary>
    public TimeSpan Duration(TimeSpan fallback, [CallerArgumentExpression(nameof(fallback))] string key = "") =>
        Value(fallback, text => Values.Duration(text, ShortestDuration, Values.LongestDuration), key);

    /// <summary>A time that may be zero, for not at all.</summary>
    public TimeSpan DurationOrZero(TimeSpan fallback, [CallerArgumentExpression(nameof(fallback))] string key = "") =>
        Value(fallback, text => Values.Duration(text, TimeSpan.Zero, Values.LongestDuration), key);

    /// <summary>A member of an enumeration.</summary>
    public T Enum<T>(T fallback, [CallerArgumentExpression(nameof(fallback))] string key = "") where T : struct, Enum =>
        Value(fallback, Values.Enum<T>, key);

    /// <summary>One of a few names.</summary>
    public string OneOf(string fallback, IReadOnlyList<string> names, [CallerArgumentExpression(nameof(fallback))] string key = "") =>
        Value(fallback, text => Values.OneOf(text, names), key);

    /// <summary>A list of values. An empty text is the empty list: a variable has no other way to say it.</summary>
    public IReadOnlyList<T> List<T>(
        IReadOnlyList<T> fallback, Func<string, Parsed<T>> parse, [CallerArgumentExpression(nameof(fallback))] string key = "")
    {
        var node = Ask(key);
        if (!node.IsSet)
            return fallback;
        if (node.Value is { Length: 0 })
            return [];
        var values = new List<T>();
        foreach (var element in Elements(node))
        {
            if (Parse(element, parse, out var value))
                values.Add(value);
        }

        return values;
    }

    /// <summary>A section below, which is there even when nobody wrote it.</summary>
    public T Section<T>(string key, Func<SectionReader, T> read) => Below(Ask(key), Pattern(key), read);

    /// <summary>A list of sections.</summary>
    public IReadOnlyList<T> ListOfSections<T>(string key, Func<SectionReader, T> read) =>
        [.. Elements(Ask(key)).Select(element => Below(element, $"{Pattern(key)}:*", read))];

    /// <summary>A list of sections that has entries when nobody wrote it. An empty text is the empty list.</summary>
    public IReadOnlyList<T> ListOfSections<T>(
        IReadOnlyList<T> fallback, Func<SectionReader, T?> read, [CallerArgumentExpression(nameof(fallback))] string key = "")
        where T : class
    {
        var node = Ask(key);
        if (!node.IsSet)
            return fallback;
        return node.Value is { Length: 0 } ? [] : [.. ListOfSections(key, read).OfType<T>()];
    }

    /// <summary>Sections by names of the operator's choice.</summary>
    public IReadOnlyList<T> NamedSections<T>(string key, Func<SectionReader, T> read) =>
        Section(key, section =>
        {
            section.AcceptRest();
            return (IReadOnlyList<T>)[.. section._node.Children.Select(child => Below(child, $"{section._pattern}:*", read))];
        });

    /// <summary>Values by names of the operator's choice: all that is in this section.</summary>
    public IReadOnlyList<KeyValuePair<string, T>> NamedValues<T>(Func<string, Parsed<T>> parse)
    {
        AcceptRest();
        var values = new List<KeyValuePair<string, T>>();
        foreach (var node in _node.Children.Where(child => child.IsSet))
        {
            if (Parse(node, parse, out var value))
                values.Add(new(node.Key, value));
        }

        return values;
    }

    /// <summary>What was written at a key of this section, which counts as known from now on.</summary>
    public ConfigurationNode Ask(string key)
    {
        key = NameOf(key);
        _asked[key] = true;
        Report.Keys.Add(Pattern(key));
        return _node.Child(key);
    }

    /// <summary>Refuses a key, with a reason that says more than that it is unknown.</summary>
    public void Refuse(string key, string reason)
    {
        _asked[key] = false;
        var node = _node.Child(key);
        if (_node.Children.Contains(node))
            Report.Problem(node.Location, reason);
    }

    /// <summary>Takes every key that is left: they belong to somebody else, or are names.</summary>
    public void AcceptRest() => _restIsKnown = true;

    private static T Read<T>(ConfigurationNode node, string pattern, ConfigurationReport report, Func<SectionReader, T> read)
    {
        var reader = new SectionReader(node, pattern, report);
        var result = read(reader);
        reader.ReportUnknown();
        return result;
    }

    // "defaults.MaxDialsPerEnclave", as the compiler hands it in, or a key as it is.
    private static string NameOf(string expression) => expression[(expression.LastIndexOf('.') + 1)..];

    private static string Describe(ConfigurationNode node) => node.Shape switch
    {
        NodeShape.Null => "null",
        NodeShape.Value => "a value",
        NodeShape.List => "a list",
        _ => "an object",
    };

    private T Below<T>(ConfigurationNode node, string pattern, Func<SectionReader, T> read)
    {
        if (node.Shape is NodeShape.Value or NodeShape.List)
        {
            Report.Problem(node.Location, $"is {Describe(node)}, not an object with keys");
            node = node.Cleared();
        }

        return Read(node, pattern, Report, read);
    }

    private bool Parse<T>(ConfigurationNode node, Func<string, Parsed<T>> parse, out T value)
    {
        (value, var reason) = node.Value is { } text ? parse(text) : new Parsed<T>(default!, $"is {Describe(node)}, not a value");
        if (reason is not null)
            Report.Problem(node.Location, reason);
        return reason is null;
    }

    private IReadOnlyList<ConfigurationNode> Elements(ConfigurationNode node)
    {
        if (!node.IsSet || node.CouldBeList)
            return node.Children;
        Report.Problem(node.Location, $"is {Describe(node)}, not a list");
        return [];
    }

    private string Pattern(string key) => ConfigurationNode.Join(_pattern, NameOf(key));

    // A key that stands at the top belongs into the section that has it, or one of the two.
    private string? Misplaced(string key)
    {
        if (_pattern.Length > 0)
            return null;
        var places = Report.Keys
            .Where(known => known.EndsWith($":{key}", StringComparison.OrdinalIgnoreCase) && !known.Contains('*', StringComparison.Ordinal))
            .Take(3)
            .ToList();
        return places.Count is 1 or 2 ? string.Join(" or ", places) : null;
    }

    private void ReportUnknown()
    {
        if (_restIsKnown)
            return;
        var kind = _pattern.Length == 0 ? "section" : "key";
        foreach (var child in _node.Children.Where(child => !_asked.ContainsKey(child.Key)))
        {
            var guess = Spelling.Guess(child.Key, _asked.Where(asked => asked.Value).Select(asked => asked.Key)) ?? Misplaced(child.Key);
            Report.Problem(child.Location, guess is null ? $"unknown {kind}" : $"unknown {kind}; did you mean {guess}?");
        }
    }
}
