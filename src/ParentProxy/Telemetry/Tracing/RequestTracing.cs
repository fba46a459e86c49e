using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using OpenTelemetry;
using OpenTelemetry.Trace;
using ParentProxy.Runtime;

namespace ParentProxy.Telemetry.Tracing;

/// <summary>
/// The spans of requests and their way to OTLP. Where nothing is exported there are none: no activity, no listener, no
/// field of a request that is touched.
/// </summary>
internal sealed class RequestTracing : IAsyncDisposable
{
    /// <summary>The name of the source.</summary>
    public const string SourceName = "ParentProxy";

    private readonly ActivitySource? _source;
    private readonly TracerProvider? _provider;

    /// <summary>Starts to export the spans of requests.</summary>
    /// <param name="otlp">Where to; null for not at all.</param>
    public RequestTracing(OtlpSettings? otlp)
    {
        if (otlp is null)
            return;
        _source = new ActivitySource(SourceName, ProgramVersion.Text);

        // OTEL_TRACES_SAMPLER and what limits and batches, the SDK reads by itself.
        _provider = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(TelemetryResource.Create())
            .AddSource(SourceName)
            .AddOtlpExporter(otlp.Traces)
            .Build();
    }

    /// <summary>
    /// Begins the span of a request that has come, as the current one: a child of the span that the request names, else the
    /// first of a new trace.
    /// </summary>
    /// <param name="name">Its name.</param>
    /// <param name="fields">The fields of the request. State of a trace that is not continued is removed (W3C Trace Context §3.3).</param>
    /// <returns>The span; one that is not sampled goes no further than its context. Null without tracing.</returns>
    public Activity? Begin(string name, IHeaderDictionary fields)
    {
        if (_source is null)
            return null;
        var isContinued = TraceFields.TryParent(fields, out var parent);

        // Else whatever is current would be the parent.
        Activity.Current = null;
        var span = _source.StartActivity(name, ActivityKind.Server, parent);
        if (span is not null && !isContinued)
            fields.Remove(HeaderNames.TraceState);
        return span;
    }

    /// <summary>Sends what is left, as long as the SDK's own limit allows.</summary>
    public async ValueTask DisposeAsync()
    {
        _source?.Dispose();
        if (_provider is not null)
            await Task.Run(_provider.Dispose);
    }
}
