using System.Diagnostics.Metrics;
using System.Text.Json;
using System.Text.RegularExpressions;
using ParentProxy.Enclaves;
using ParentProxy.Ingress.Failover;
using ParentProxy.Ingress.Kestrel.Refusals;
using ParentProxy.Telemetry.AccessLog;
using ParentProxy.Telemetry.Metrics;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Documents;

/// <summary>The documents name what operators see: metrics, alerts, states, reasons, keys.</summary>
public sealed partial class MetricReferenceTests
{
    private const string Reference = "docs/observability.md";

    private static readonly string[] HistogramParts = ["_bucket", "_count", "_sum"];

    [Fact]
    public async Task EveryMetricOfOurs_IsInTheTableWithItsType_AndNoOther()
    {
        string[] settings = [.. TestProxy.Enclave(0, "unix:/nonexistent/e.sock"), "Health:Probe:Enabled=false"];
        await using var proxy = await TestProxy.StartAsync(settings);
        var described = Repository.Document(Reference).RowsBelow("Metrics")
            .SelectMany(row => row.Names.Select(name => $"{name} {row.Cells[1]}"));

        Assert.Equal(Instruments().Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    /// <summary>The exporter drops the second of two types with one name, without a word.</summary>
    [Fact]
    public async Task EveryMetricOfOurs_HasOneType()
    {
        await using var proxy =
            await TestProxy.StartAsync([.. TestProxy.Enclave(0, "unix:/nonexistent/e.sock"), "Health:Probe:Enabled=false"]);
        var names = Instruments().Select(line => line.Split(' ')[0]).ToList();

        Assert.NotEmpty(names);
        Assert.Equal(names.Distinct(), names);
    }

    /// <summary>Room for all series of a metric is taken at the start: for many only where there may be many.</summary>
    [Fact]
    public async Task MetricsHaveRoomForAsManySeriesAsTheirLabelsCanHave()
    {
        await using var proxy =
            await TestProxy.StartAsync([.. TestProxy.Enclave(0, "unix:/nonexistent/e.sock"), "Health:Probe:Enabled=false"]);
        int[] limits = [SeriesLimits.Few, SeriesLimits.ByOne];
        var found = limits.SelectMany(
            limit => Instruments(instrument => SeriesLimits.Of(instrument) == limit).Select(line => $"{line.Split(' ')[0]} {limit}"));
        var described = Repository.Document(Reference).RowsBelow("Metrics")
            .SelectMany(row => row.Names.Select(name => $"{name} {Limit(row.Cells[2])}"))
            .Where(line => !line.EndsWith($" {SeriesLimits.Many}", StringComparison.Ordinal));

        Assert.Equal(described.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));

        static int Limit(string labels) => labels switch
        {
            "`enclave`" or "`listener`" => SeriesLimits.ByOne,
            _ when OpenLabel().IsMatch(labels) => SeriesLimits.Many,
            _ => SeriesLimits.Few,
        };
    }

    /// <summary>In the text and in the rules that are there to be copied.</summary>
    [Theory]
    [MemberData(nameof(LinkTests.Documents), MemberType = typeof(LinkTests))]
    public void MetricsThatAreNamed_Exist(string path)
    {
        var known = Repository.Document(Reference).RowsBelow("Metrics").SelectMany(row => row.Names).ToHashSet();
        known.UnionWith(Repository.Document(InsideReferenceTests.Reference).RowsBelow("Health and metrics").SelectMany(row => row.Names));
        known.UnionWith(known.ToList().SelectMany(name => HistogramParts.Select(part => name + part)));
        var named = OurMetric().Matches(Repository.Document(path).Text).Select(match => match.Value);

        Assert.Equal([], named.Where(name => !known.Contains(name)).Distinct());
    }

    [Fact]
    public void EveryAlert_IsInTheTableWithItsSeverity_AndNoOther()
    {
        var rules = Alert().Matches(File.ReadAllText(Repository.FullPath("deploy/observability/rules/alerts.yml")))
            .Select(match => $"{match.Groups[1].Value} {match.Groups[2].Value}");
        var described = Repository.Document(Reference).RowsBelow("Alerts").Select(row => $"{row.Names[0]} {row.Cells[1]}");

        Assert.Equal(rules.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void EveryState_IsInTheTable() => Assert.Equal(
        Enum.GetNames<EnclaveState>().Select(state => state.ToLowerInvariant()),
        Repository.Document("docs/how-it-works.md").RowsBelow("Enclave states and probes").Select(row => row.Names[0]));

    [Fact]
    public void EveryReasonOfARetry_IsInTheTable() => Assert.Equal(
        Enum.GetNames<RetryReason>().Select(reason => reason.ToLowerInvariant()).Append("denied"),
        Repository.Document("docs/how-it-works.md").RowsBelow("Failover and retries")
            .Where(row => row.Header == "reason").Select(row => row.Names[0]));

    [Fact]
    public void EveryReasonOfARefusal_IsBesideItsMetric()
    {
        Assert.Equal([], Missing("parentproxy_requests_refused_total", RefusalReasons.All.Select(RefusalReasons.Word)));
        Assert.Equal([], Missing("parentproxy_client_connections_refused_total", ConnectionRefusals.All.Select(ConnectionRefusals.Word)));

        static IEnumerable<string> Missing(string metric, IEnumerable<string> words)
        {
            var row = Repository.Document(Reference).RowsBelow("Metrics").Single(row => row.Names[0] == metric);
            return words.Where(word => !row.Cells[3].Contains($"`{word}`", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void EveryKeyOfTheAccessLog_IsInTheTable()
    {
        var described = Repository.Document(Reference).RowsBelow("Access log").SelectMany(row => row.Names).ToHashSet();
        var keys = typeof(JsonLine.Keys).GetFields().Select(field => ((JsonEncodedText)field.GetValue(null)!).Value);

        // The first is the value of "type".
        Assert.Equal([], keys.Where(key => key != "access" && !described.Contains(key)));
    }

    /// <summary>As Prometheus' names are made: the unit at the end, and <c>_total</c> for a counter.</summary>
    private static SortedSet<string> Instruments(Func<Instrument, bool>? isMeant = null)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                // Meters of other tests have the same instruments, or some of their own.
                if (instrument.Meter.Name != ProxyMeter.Name || instrument.Meter.Scope is not ProxyMeter || isMeant?.Invoke(instrument) == false)
                    return;
                var type = instrument.GetType().Name.Split('`')[0];
                var kind = type.Replace("Observable", "", StringComparison.Ordinal).ToLowerInvariant();
                var unit = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
                var name = instrument.Name.Replace('.', '_') + unit + (kind == "counter" ? "_total" : "");
                lock (found)
                    found.Add($"{name} {kind}");
            },
        };
        listener.Start();
        return found;
    }

    [GeneratedRegex("`(enclave|listener|rule|path)`")]
    private static partial Regex OpenLabel();

    [GeneratedRegex(@"(?<![\w-])(?:parentproxy|process)_[a-z_]*[a-z](?![\w*])")]
    private static partial Regex OurMetric();

    [GeneratedRegex(@"^ +- alert: (\w+)\n(?: +(?!- ).*\n)*? +severity: (\w+)$", RegexOptions.Multiline)]
    private static partial Regex Alert();
}
