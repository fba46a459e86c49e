using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Configuration.Sections;
using ParentProxy.Configuration.Sources;
using ParentProxy.Enclaves;

namespace ParentProxy.Admin.StatusPage;

/// <summary>
/// The configuration in effect as paths and values. The options' properties are the keys, so that the list cannot miss
/// one; the sections that others read are shown as they were written.
/// </summary>
internal static class EffectiveSettings
{
    // A configuration is replaced whole and rarely, and shown every two seconds.
    private static readonly ConditionalWeakTable<ProxyOptions, IReadOnlyList<Setting>> Known = [];

    private static readonly JsonSerializerOptions Json = new()
    {
        Converters =
        {
            new JsonStringEnumConverter(JsonNamingPolicy.CamelCase),
            new TextConverter<IPNetwork>(network => network.ToString()),
            new TextConverter<StatusRanges>(ranges => ranges.ToString()),
            new TextConverter<EnclaveEndpoint>(endpoint => endpoint.ToString()),
            new TextConverter<Version>(version => version.Minor == 0 ? version.ToString(1) : version.ToString(2)),
        },
    };

    /// <summary>Every setting, in the order of the sections.</summary>
    public static IReadOnlyList<Setting> Of(ProxyOptions options) => Known.GetValue(options, Read);

    private static List<Setting> Read(ProxyOptions options)
    {
        var sections = FlatSections.Create(KestrelSection.AddDefaults(ConfigurationNode.Root([])).Child(Names.Kestrel));
        var defaults = Flatten(new ProxyOptions { Sections = sections }).DistinctBy(pair => pair.Path).ToDictionary();
        return
        [
            .. Flatten(options).Select(pair =>
            {
                var (section, key) = Split(pair.Path);
                return new Setting(section, key, pair.Value, defaults.TryGetValue(pair.Path, out var value) && value == pair.Value);
            }).OrderBy(setting => setting.Section, StringComparer.Ordinal),
        ];
    }

    private static IEnumerable<(string Path, string? Value)> Flatten(ProxyOptions options) => typeof(ProxyOptions).GetProperties().SelectMany(property => property.GetValue(options) switch
    {
        IConfiguration sections => Written(sections),
        LogOptions log => Log(log),
        var value => Flatten(property.Name, JsonSerializer.SerializeToElement(value, property.PropertyType, Json)),
    });

    private static IEnumerable<(string Path, string? Value)> Flatten(string path, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object when value.EnumerateObject().Any():
                return value.EnumerateObject().SelectMany(member => Flatten($"{path}:{member.Name}", member.Value));
            case JsonValueKind.Array when value.EnumerateArray().Any(element => element.ValueKind is JsonValueKind.Object):
                return value.EnumerateArray().Index().SelectMany(element => Flatten($"{path}:{KeyOf(element)}", element.Item).Where(pair => pair.Value is not null));
            case JsonValueKind.Array:
                return [(path, string.Join(", ", value.EnumerateArray().Select(element => Redaction.Of(path, element.ToString()))) is { Length: > 0 } list ? list : "none")];
            case JsonValueKind.Object:
                return [(path, "none")];
            case JsonValueKind.String:
                return [(path, Redaction.Of(path, value.GetString()!))];
            case JsonValueKind.Null:
                return [(path, null)];
            default:
                // Numbers and switches of ours are no secrets, whatever they are called.
                return [(path, value.GetRawText())];
        }
    }

    // Routes and clusters are written below their names.
    private static string KeyOf((int Index, JsonElement Item) element)
    {
        foreach (var name in (string[])["RouteId", "ClusterId"])
        {
            if (element.Item.TryGetProperty(name, out var id) && id.GetString() is { } text)
                return text;
        }

        return element.Index.ToString(CultureInfo.InvariantCulture);
    }

    // Levels are ours, and stand in Serilog's section.
    private static IEnumerable<(string Path, string? Value)> Log(LogOptions log) =>
    [
        ("Log:Format", JsonNamingPolicy.CamelCase.ConvertName(log.Format.ToString())),
        ($"{Names.Serilog}:MinimumLevel:Default", Word(log.Level)),
        .. log.Overrides.Select(level => ($"{Names.Serilog}:MinimumLevel:Override:{level.Key}", (string?)Word(level.Value))),
    ];

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace => "Verbose",
        LogLevel.Critical => "Fatal",
        _ => level.ToString(),
    };

    private static IEnumerable<(string Path, string? Value)> Written(IConfiguration sections) => sections.AsEnumerable()
        .Where(pair => pair.Value is not null && !pair.Key.StartsWith($"{Names.Serilog}:MinimumLevel", StringComparison.OrdinalIgnoreCase))
        .OrderBy(pair => pair.Key, StringComparer.OrdinalIgnoreCase)
        .Select(pair => (pair.Key, (string?)Redaction.Of(pair.Key, pair.Value!)));

    private static (string Section, string Key) Split(string path) =>
        path.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon ? (path[..colon], path[(colon + 1)..]) : (path, "");
}
