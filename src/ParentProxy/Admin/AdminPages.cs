using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using ParentProxy.Admin.History;
using ParentProxy.Admin.StatusPage;
using ParentProxy.Capabilities;
using ParentProxy.Configuration;
using ParentProxy.Egress;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Discovery;
using ParentProxy.Health;
using ParentProxy.Hosting;
using ParentProxy.Ingress;
using ParentProxy.Telemetry.Metrics;

namespace ParentProxy.Admin;

/// <summary>What the admin listener answers.</summary>
internal sealed class AdminPages(
    EnclaveRegistry registry,
    ActiveConfiguration configuration,
    IngressServer ingress,
    Func<IEnumerable<ListenerView>> listeners,
    DiscoveryMonitor discovery,
    HealthCapability health,
    EgressCapability egress,
    ReloadStatus reloads,
    MetricsPipeline metrics,
    EnclaveMetricsRelay relay,
    StatusDocument statusPage,
    TrafficHistory history,
    TimeProvider time)
{
    private const string Paths =
        "/, /health, /health/live, /health/ready, /metrics, /egress, /enclaves, /enclaves/targets and /enclaves/{id}/metrics";

    /// <summary>Answers a GET or HEAD request.</summary>
    public Task ServeAsync(HttpContext context)
    {
        var summary = health.Summary;
        return context.Request.Path.Value switch
        {
            "/" => statusPage.ServeAsync(context),
            "/health" => WriteAsync(context, Code(summary.IsReady), Health(summary), AdminJson.Indented.HealthView),
            "/health/live" => WriteAsync(context, StatusCodes.Status200OK, new LiveView(), AdminJson.Indented.LiveView),
            "/health/ready" => WriteAsync(
                context,
                Code(summary.IsReady),
                new ReadyView(summary.IsReady ? "ready" : "not ready", summary.Reason),
                AdminJson.Indented.ReadyView),
            "/metrics" => metrics.ScrapeAsync(context),
            "/enclaves" => WriteAsync(
                context, StatusCodes.Status200OK, new EnclaveListView(Enclaves()), AdminJson.Indented.EnclaveListView),
            "/egress" => WriteAsync(context, StatusCodes.Status200OK, EgressView.Of(egress), AdminJson.Indented.EgressView),
            "/enclaves/targets" => WriteAsync(
                context, StatusCodes.Status200OK, relay.Targets(context.Request.Host), AdminJson.Indented.IEnumerableMetricsTarget),
            { } path when EnclaveMetricsRelay.IdIn(path) is { } id => relay.ServeAsync(context, id),
            _ => ProblemAsync(context, StatusCodes.Status404NotFound, $"There are {Paths}."),
        };
    }

    /// <summary>Answers a GET or HEAD request on the listener for metrics.</summary>
    public Task ServeMetricsAsync(HttpContext context) =>
        context.Request.Path.Value is "/metrics" or "/health" or "/health/live" or "/health/ready"
            ? ServeAsync(context)
            : ProblemAsync(context, StatusCodes.Status404NotFound, "There are /metrics, /health, /health/live and /health/ready.");

    /// <summary>Sets what every response of the admin listener has.</summary>
    public static void AddFields(HttpResponse response)
    {
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
    }

    /// <summary>Answers with RFC 9457 problem details.</summary>
    public static Task ProblemAsync(HttpContext context, int status, string detail) => WriteAsync(
        context,
        status,
        new ProblemView("about:blank", ReasonPhrases.GetReasonPhrase(status), status, detail),
        AdminJson.Indented.ProblemView,
        "application/problem+json");

    private static int Code(bool ok) => ok ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;

    private static async Task WriteAsync<T>(
        HttpContext context, int status, T value, JsonTypeInfo<T> type, string contentType = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        var body = JsonSerializer.SerializeToUtf8Bytes(value, type);
        context.Response.ContentLength = body.Length + 1;
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);

        // For those who curl it in a terminal.
        await context.Response.Body.WriteAsync("\n"u8.ToArray(), context.RequestAborted);
    }

    private HealthView Health(HealthSummary summary) => new(
        summary.Status,
        summary.Healthy,
        summary.Total,
        configuration.Options.Health.MinHealthy,
        Enclaves(),
        RetryView.Of(ingress.Retries.Counts),
        RejectionView.Of(ingress.Retries.Rejections),
        listeners().OrderBy(l => l.Endpoint, StringComparer.Ordinal),
        ingress.Certificates.All.Select(CertificateView.Of),
        DiscoveryView.Of(discovery, registry, configuration.Options.Discovery, time.GetUtcNow()),
        ConfigurationView.Of(reloads));

    private List<EnclaveView> Enclaves() => [.. registry.All.Select(enclave => EnclaveView.Of(enclave, history))];
}
