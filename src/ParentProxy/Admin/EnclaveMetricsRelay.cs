using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Health;

namespace ParentProxy.Admin;

/// <summary>
/// Lets a Prometheus reach the metrics of the application in an enclave, which stands behind vsock:
/// <c>/enclaves/{id}/metrics</c> asks for <c>Admin:EnclaveMetricsPath</c> there, at <c>Admin:EnclaveMetricsPort</c> if it is set.
/// </summary>
internal sealed class EnclaveMetricsRelay(EnclaveRegistry registry, ActiveConfiguration configuration, TimeProvider time)
{
    private const string Before = "/enclaves/";
    private const string After = "/metrics";
    private const int MaxBodyBytes = 4 * 1024 * 1024;

    /// <summary>Half of what a Prometheus waits for by default, so that it gets to see why.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // One at a time for each id: nothing else limits these dials, nor the memory for answers. As many as there are ids in EnclaveMeter.
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The id in the path of a relay, which may hold a slash and may be escaped once more; null for another path.</summary>
    public static string? IdIn(string path) =>
        path.Length > Before.Length + After.Length
        && path.StartsWith(Before, StringComparison.Ordinal)
        && path.EndsWith(After, StringComparison.Ordinal)
            ? path[Before.Length..^After.Length]
            : null;

    /// <summary>What there is to scrape, as Prometheus' HTTP service discovery reads it.</summary>
    public IEnumerable<MetricsTarget> Targets(HostString host) => configuration.Options.Admin.EnclaveMetricsPath is null
        ? []
        : registry.All.Select(enclave =>
            MetricsTarget.Of($"{host.Host}:{host.Port ?? 80}", Before + Escaped(enclave.Id) + After, enclave.Id));

    /// <summary>Answers with the enclave's metrics, or says why there are none.</summary>
    public async Task ServeAsync(HttpContext context, string id)
    {
        if (configuration.Options.Admin.EnclaveMetricsPath is not { } path)
        {
            await AdminPages.ProblemAsync(
                context,
                StatusCodes.Status404NotFound,
                "Admin:EnclaveMetricsPath is not set: it says at which path the application in an enclave shows its metrics.");
            return;
        }

        // An escaped slash stays as it is in a path, and Prometheus escapes __metrics_path__, where others send it as it stands.
        if ((registry.Find(id) ?? registry.Find(Uri.UnescapeDataString(id))) is not { } enclave)
        {
            var known = string.Join(", ", registry.All.Select(e => e.Id));
            await AdminPages.ProblemAsync(
                context,
                StatusCodes.Status404NotFound,
                $"There is no enclave '{id}'; there are: {(known.Length > 0 ? known : "none")}.");
            return;
        }

        using var deadline = new CancellationTokenSource(Patience, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, deadline.Token);
        try
        {
            var turn = _turns.GetOrAdd(enclave.Id, static _ => new SemaphoreSlim(1));
            await WaitAsync(turn, linked.Token);
            try
            {
                await LeaseAndRelayAsync(context, enclave, path, linked.Token);
            }
            finally
            {
                turn.Release();
            }
        }
        catch (Exception ex) when (!context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted)
        {
            // Fields of the enclave's answer may be set by now.
            context.Response.Clear();
            AdminPages.AddFields(context.Response);
            var (status, detail) = Explain(ex);
            await AdminPages.ProblemAsync(context, status, $"Enclave {enclave}, GET {EnclaveGet.Shown(path)}: {detail}");
        }
    }

    private static (int Status, string Detail) Explain(Exception exception) => exception switch
    {
        DialException { Code: DialException.Timeout or "ETIMEDOUT" } dial => (StatusCodes.Status504GatewayTimeout, dial.Message),
        DialException dial => (StatusCodes.Status502BadGateway, dial.Message),
        HttpRequestException { InnerException: DialException dial } => Explain(dial),
        HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } =>
            (StatusCodes.Status502BadGateway, $"the answer is larger than {MaxBodyBytes} bytes."),
        TimeoutException => (StatusCodes.Status504GatewayTimeout, exception.Message),
        OperationCanceledException =>
            (StatusCodes.Status504GatewayTimeout, FormattableString.Invariant($"no whole answer within {Patience.TotalSeconds:0.###} s.")),
        _ => (StatusCodes.Status502BadGateway, exception.GetBaseException().Message),
    };

    // Slashes stay: they are part of ids, and a path with them reads better.
    private static string Escaped(string id) => string.Join('/', id.Split('/').Select(Uri.EscapeDataString));

    private static async Task WaitAsync(SemaphoreSlim turn, CancellationToken cancellationToken)
    {
        try
        {
            await turn.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException ex)
        {
            var patience = Patience.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
            throw new TimeoutException($"other requests for its metrics were under way for {patience} s; there is one at a time.", ex);
        }
    }

    private async Task LeaseAndRelayAsync(HttpContext context, Enclave enclave, string path, CancellationToken cancellationToken)
    {
        if (enclave.LeaseConnector() is not { } connector)
            throw new HttpRequestException("it has just left.");
        try
        {
            await RelayAsync(context, connector, path, cancellationToken);
        }
        finally
        {
            connector.Release();
        }
    }

    private async Task RelayAsync(HttpContext context, EnclaveConnector connector, string path, CancellationToken cancellationToken)
    {
        var options = configuration.Options;
        var endpoint = options.Admin.EnclaveMetricsPort is { } port ? connector.Endpoint.WithPort(port) : connector.Endpoint;

        // What listens at another port is an exporter and not the application, whose protocol and name are its own.
        var (version, host) = endpoint == connector.Endpoint
            ? (options.Routing.HttpVersion, options.Health.Probe.Host)
            : (System.Net.HttpVersion.Version11, null);
        using var client = EnclaveGet.Client(ct => connector.DialAsync(endpoint, options.Timeouts.Connect, ct));
        using var request = EnclaveGet.Request(path, version, host, "parent-proxy-metrics");
        foreach (var field in (string[])[HeaderNames.Accept, HeaderNames.AcceptEncoding])
            request.Headers.TryAddWithoutValidation(field, context.Request.Headers[field].AsEnumerable());

        using var answer = await client.SendAsync(request, cancellationToken);
        if (answer.StatusCode != System.Net.HttpStatusCode.OK)
        {
            throw new HttpRequestException(
                $"the application answered {(int)answer.StatusCode}, expected 200; Admin:EnclaveMetricsPath sets what it is asked for.");
        }

        // Whole before the first byte goes out: a scraper that gets a part takes it for all.
        await answer.Content.LoadIntoBufferAsync(MaxBodyBytes, cancellationToken);
        var response = context.Response;
        response.ContentType = answer.Content.Headers.TryGetValues(HeaderNames.ContentType, out var type) ? type.First() : "text/plain";
        if (answer.Content.Headers.ContentEncoding.Count > 0)
            response.Headers.ContentEncoding = string.Join(", ", answer.Content.Headers.ContentEncoding);

        // Shown in a browser, a page of the enclave's must not be one of ours.
        response.Headers.ContentSecurityPolicy = "default-src 'none'; sandbox";
        response.ContentLength = answer.Content.Headers.ContentLength;
        if (!HttpMethods.IsHead(context.Request.Method))
            await answer.Content.CopyToAsync(response.Body, cancellationToken);
    }
}
