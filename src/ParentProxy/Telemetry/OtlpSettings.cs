using OpenTelemetry.Exporter;

namespace ParentProxy.Telemetry;

/// <summary>Where metrics and spans are exported to over OTLP.</summary>
/// <param name="Collector">A collector that takes protobuf over HTTP; null: the SDK reads <c>OTEL_EXPORTER_OTLP_*</c> itself.</param>
internal sealed record OtlpSettings(Uri? Collector)
{
    /// <summary>The variable that names the collector, as the SDK calls it.</summary>
    public const string Variable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>What the environment says; null when nothing is exported.</summary>
    /// <exception cref="FormatException">The variable holds no address. The SDK would take its own default in silence.</exception>
    public static OtlpSettings? Of(Func<string, string?> environment)
    {
        if (environment(Variable) is not { } address || string.IsNullOrWhiteSpace(address))
            return null;
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            throw new FormatException("it does not begin with http:// or https://, such as http://127.0.0.1:4318");
        return new OtlpSettings((Uri?)null);
    }

    /// <summary>Sets an exporter of spans.</summary>
    public void Traces(OtlpExporterOptions exporter) => Apply(exporter, "v1/traces");

    /// <summary>Sets an exporter of metrics.</summary>
    public void Metrics(OtlpExporterOptions exporter) => Apply(exporter, "v1/metrics");

    private void Apply(OtlpExporterOptions exporter, string path)
    {
        if (Collector is null)
            return;
        exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
        exporter.Endpoint = new Uri(Collector, path);
    }
}
