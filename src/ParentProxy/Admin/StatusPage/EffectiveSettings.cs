using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Configuration.Sections;
using ParentProxy.Configuration.Sources;

namespace ParentProxy.Admin.StatusPage;

/// <summary>
/// The configuration in effect as paths and values. The options' properties are the keys, so that the list of a
/// section cannot miss one; the sections that others read are shown as they were written.
/// </summary>
internal static class EffectiveSettings
{
    // A configuration is replaced whole and rarely, and shown every two seconds.
    private static readonly ConditionalWeakTable<ProxyOptions, IReadOnlyList<Setting>> Known = [];

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

    private static IEnumerable<(string Path, string? Value)> Flatten(ProxyOptions options) =>
    [
        .. Section(nameof(options.Admin), options.Admin, SettingsJson.Written.AdminOptions),
        .. Section(nameof(options.Enclaves), options.Enclaves, SettingsJson.Written.IReadOnlyListEnclaveOptions),
        .. Section(nameof(options.Discovery), options.Discovery, SettingsJson.Written.DiscoveryOptions),
        .. Section(nameof(options.Routing), options.Routing, SettingsJson.Written.RoutingOptions),
        .. Section(nameof(options.Timeouts), options.Timeouts, SettingsJson.Written.TimeoutOptions),
        .. Section(nameof(options.Retry), options.Retry, SettingsJson.Written.RetryOptions),
        .. Section(nameof(options.Health), options.Health, SettingsJson.Written.HealthOptions),
        .. Section(nameof(options.Vsock), options.Vsock, SettingsJson.Written.VsockOptions),
        .. Section(nameof(options.Limits), options.Limits, SettingsJson.Written.LimitOptions),
        .. Section(nameof(options.ForwardedHeaders), options.ForwardedHeaders, SettingsJson.Written.ForwardedHeadersOptions),
        .. Section(nameof(options.AccessLog), options.AccessLog, SettingsJson.Written.AccessLogOptions),
        .. Section(nameof(options.Passthrough), options.Passthrough, SettingsJson.Written.IReadOnlyListPassthroughOptions),
        .. Section(nameof(options.Egress), options.Egress.WithoutFile(), SettingsJson.Written.EgressOptions),
        .. Section(nameof(options.Attestation), options.Attestation, SettingsJson.Written.AttestationOptions),
        .. Section(nameof(options.ReverseProxy), options.ReverseProxy, SettingsJson.Written.ReverseProxyOptions),
        .. Log(options.Log),
        .. Written(options.Sections),
    ];

    private static IEnumerable<(string Path, string? Value)> Section<T>(string name, T section, JsonTypeInfo<T> type) =>
        Flatten(name, JsonSerializer.SerializeToElement(section, type));

    private static IEnumerable<(string Path, string? Value)> Flatten(string path, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object when value.EnumerateObject().Any():
                return value.EnumerateObject().SelectMany(member => Flatten($"{path}:{member.Name}", member.Value));
            case JsonValueKind.Array when value.EnumerateArray().Any(element => element.ValueKind is JsonValueKind.Object):
                return value.EnumerateArray().Index()
                    .SelectMany(element => Flatten($"{path}:{KeyOf(element)}", element.Item))
                    .Where(pair => pair.Value is not null);
            case JsonValueKind.Array:
                var list = string.Join(", ", value.EnumerateArray().Select(element => Redaction.Of(path, element.ToString())));
                return [(path, list.Length > 0 ? list : "none")];
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
