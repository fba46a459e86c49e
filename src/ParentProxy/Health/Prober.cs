using System.Buffers;
using System.Globalization;
using System.Text;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;
using ParentProxy.Runtime;

namespace ParentProxy.Health;

/// <summary>
/// Probes one enclave: over a connection that is idle in its pool, where there is one, since an application that serves one
/// connection at a time would not see another. Only good news is taken from there: whatever else becomes of it, a connection
/// of the probe's own decides.
/// </summary>
internal sealed class Prober(Enclave enclave, IPooledProbe pooledProbe, TimeProvider time)
{
    /// <summary>Says to the application who asks.</summary>
    public const string UserAgent = "parent-proxy-probe";

    /// <summary>As much of a body as is searched for <c>Health:Probe:ExpectedBody</c>.</summary>
    public const int MaxBodyBytes = 64 * 1024;

    /// <summary>Without a response for so long, the probe tries what is next.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Probes once; null when the enclave has just left, so that nobody wants to know. Never throws but for
    /// <paramref name="cancellationToken"/>.
    /// </summary>
    /// <param name="options">What is asked, and what counts as healthy.</param>
    /// <param name="httpVersion">1.1 or 2.</param>
    /// <param name="timeout">How long it may take, whatever it tries.</param>
    /// <param name="mayReuse">Whether a response on a connection that is open already is enough.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ProbeResult?> ProbeAsync(
        ProbeOptions options, Version httpVersion, TimeSpan timeout, bool mayReuse, CancellationToken cancellationToken)
    {
        if (enclave.LeaseConnector() is not { } connector)
            return null;
        using var deadline = new CancellationTokenSource(timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        var endpoint = options.Port is { } port ? enclave.Endpoint.WithPort(port) : enclave.Endpoint;
        var probe = new Probe(connector, options, httpVersion, timeout, endpoint, time.GetTimestamp());
        try
        {
            if (options.Type == ProbeType.Connect)
                return await ConnectAsync(probe, linked.Token);

            // What listens at another port, or answers for another host, is not what serves the requests.
            return probe.Endpoint != enclave.Endpoint || options.Host is not null || options.Type == ProbeType.Https
                ? await AskAsync(probe, linked.Token)
                : await AskAsync(probe, mayReuse, linked.Token);
        }
        catch (Exception ex)
        {
            // A probe that fails just when the program ends is a probe that was given up.
            cancellationToken.ThrowIfCancellationRequested();
            return ex switch
            {
                DialException dial => Failed(dial.Code, $"the probe failed {dial.Message}"),
                HttpRequestException { InnerException: DialException dial } => Failed(dial.Code, $"the probe failed {dial.Message}"),
                OperationCanceledException => Failed(ProbeResult.Timeout, string.Create(
                    CultureInfo.InvariantCulture, $"{probe} had no answer within {timeout.TotalSeconds:0.###} s (Health:Probe:Timeout)")),
                HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } =>
                    Failed("closed", $"{probe} was answered by closing the connection"),
                HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } => Failed(
                    "protocol",
                    $"{probe} was answered by something that is not HTTP/{httpVersion} (Routing:HttpVersion, Health:Probe:Type)"),
                _ => Failed(
                    "protocol", $"{probe} failed: {ex.GetBaseException().Message.TrimEnd('.')} (Routing:HttpVersion, Health:Probe:Type)"),
            };
        }
        finally
        {
            connector.Release();
        }

        ProbeResult Failed(string code, string detail) => new(
            time.GetUtcNow(),
            false,
            time.GetElapsedTime(probe.Started),
            code,
            detail,
            Connected: probe.IsConnected,
            QueuedSince: mayReuse
                && code == ProbeResult.Timeout
                && probe is { IsConnected: true, IsHeard: false }
                && probe.Endpoint == enclave.Endpoint ? probe.Started : null);
    }

    /// <summary>Whether a response is that of a healthy application.</summary>
    internal static async Task<bool> IsExpectedAsync(
        HttpResponseMessage response, ProbeOptions options, CancellationToken cancellationToken) =>
        options.ExpectedStatus.Contains((int)response.StatusCode)
        && (options.ExpectedBody is not { } text || await BodyContainsAsync(response, text, cancellationToken));

    private async Task<ProbeResult> ConnectAsync(Probe probe, CancellationToken cancellationToken)
    {
        await using var stream = await probe.DialAsync(cancellationToken);
        return new ProbeResult(time.GetUtcNow(), true, time.GetElapsedTime(probe.Started), "ok", $"{probe.Endpoint} accepts connections");
    }

    /// <summary>
    /// Asks over an idle connection of the pool and, when that does not help within <see cref="Patience"/>, over a fresh one.
    /// </summary>
    private async Task<ProbeResult> AskAsync(Probe probe, bool mayReuse, CancellationToken cancellationToken)
    {
        using var decided = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pooled = mayReuse ? AskPooledAsync(probe, decided.Token) : Task.FromResult<ProbeResult?>(null);
        Task<ProbeResult>? fresh = null;
        try
        {
            await SettleAsync(pooled, decided.Token);
            if (pooled.IsCompleted && await pooled is { } early)
                return early;
            fresh = AskAsync(probe, decided.Token);

            if (!pooled.IsCompleted)
            {
                await Task.WhenAny((Task)fresh, pooled);
                if (!fresh.IsCompleted && await pooled is { } late)
                    return late;
            }

            // The application may have to be rid of another connection before it sees this one.
            await SettleAsync(fresh, decided.Token);
            if (!fresh.IsCompleted)
                pooledProbe.MakeWayFor(probe.Connector, () => !fresh.IsCompleted);
            return await fresh;
        }
        finally
        {
            // Neither outlives the probe; how the other one ends does not matter.
            await decided.CancelAsync();
            await ((Task)pooled).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (fresh is not null)
                await ((Task)fresh).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Waits until a task is done, but not for long.</summary>
    private async Task SettleAsync(Task task, CancellationToken cancellationToken)
    {
        if (!task.IsCompleted)
            await WakeSignal.WaitAsync(task, Patience, time, cancellationToken);
    }

    /// <summary>
    /// Asks over a connection that is there already. Null when there is none, or it did not give the response of a healthy one.
    /// </summary>
    private async Task<ProbeResult?> AskPooledAsync(Probe probe, CancellationToken cancellationToken)
    {
        try
        {
            var status = await pooledProbe.AskAsync(probe.Connector, probe.Options, () => probe.IsHeard = true, cancellationToken);
            return status is { } good ? Verdict(probe, true, "ok", $"{probe} answered {good}", good) : null;
        }
        catch (Exception)
        {
            // It may have been ending just then, or be long dead.
            return null;
        }
    }

    /// <summary>Asks over a fresh connection.</summary>
    private async Task<ProbeResult> AskAsync(Probe probe, CancellationToken cancellationToken)
    {
        using var client = EnclaveGet.Client(async ct =>
        {
            var stream = await probe.DialAsync(ct);
            probe.IsConnected = true;
            return stream;
        });
        using var request = probe.Request();
        using var response = await client.SendAsync(request, cancellationToken);
        return await JudgeAsync(probe, response, cancellationToken);
    }

    private async Task<ProbeResult> JudgeAsync(Probe probe, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var options = probe.Options;
        var status = (int)response.StatusCode;
        if (!options.ExpectedStatus.Contains(status))
        {
            var reason = await ProbeProblem.ReadAsync(response, cancellationToken);
            return Verdict(
                probe,
                false,
                "status",
                reason is not null
                    ? $"{probe} answered {status}: {reason}"
                    : $"{probe} answered {status}, expected {options.ExpectedStatus}; Health:Probe:Path sets what is asked, "
                        + "Health:Probe:ExpectedStatus what counts as healthy",
                status);
        }

        if (options.ExpectedBody is { } expected && !await BodyContainsAsync(response, expected, cancellationToken))
        {
            return Verdict(
                probe,
                false,
                "body",
                $"{probe} answered {status} without the text of Health:Probe:ExpectedBody in its first {MaxBodyBytes} bytes",
                status);
        }

        return Verdict(probe, true, "ok", $"{probe} answered {status}", status);
    }

    private ProbeResult Verdict(Probe probe, bool ok, string code, string detail, int status) =>
        new(time.GetUtcNow(), ok, time.GetElapsedTime(probe.Started), code, detail, status);

    private static async Task<bool> BodyContainsAsync(HttpResponseMessage response, string expected, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(MaxBodyBytes);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            var length = await body.ReadAtLeastAsync(
                buffer.AsMemory(0, MaxBodyBytes), MaxBodyBytes, throwOnEndOfStream: false, cancellationToken);
            return buffer.AsSpan(0, length).IndexOf(Encoding.UTF8.GetBytes(expected)) >= 0;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>One probe, and how far it has come.</summary>
    private sealed class Probe(
        EnclaveConnector connector, ProbeOptions options, Version httpVersion, TimeSpan timeout, EnclaveEndpoint endpoint, long started)
    {
        public EnclaveConnector Connector => connector;

        public ProbeOptions Options => options;

        public TimeSpan Timeout => timeout;

        public EnclaveEndpoint Endpoint => endpoint;

        public long Started => started;

        /// <summary>Whether a connection of its own came about.</summary>
        public volatile bool IsConnected;

        /// <summary>Whether it was sent on a connection that the application serves, so that it stands behind no other.</summary>
        public volatile bool IsHeard;

        public Task<EnclaveStream> DialAsync(CancellationToken cancellationToken) =>
            connector.DialAsync(endpoint, timeout, cancellationToken);

        public HttpRequestMessage Request() => EnclaveGet.Request(
            options.Path, httpVersion, options.Host, UserAgent, isTls: options.Type == ProbeType.Https);

        public override string ToString() => $"probe GET {EnclaveGet.Shown(options.Path)} on {endpoint}";
    }
}
