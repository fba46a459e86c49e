using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;

namespace ParentProxy.Health;

/// <summary>
/// Probes one enclave, each time over a connection of its own: a pooled one would say how the enclave was, not how it is.
/// </summary>
internal sealed class Prober(Enclave enclave, IEnclaveDialer dialer, TimeProvider time)
{
    private const int MaxBodyBytes = 64 * 1024;

    /// <summary>Probes once. Never throws but for <paramref name="cancellationToken"/>.</summary>
    public async Task<ProbeResult> ProbeAsync(ProbeOptions options, Version httpVersion, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var endpoint = options.Port is { } port ? enclave.Endpoint.WithPort(port) : enclave.Endpoint;
        var started = time.GetTimestamp();
        var connected = new StrongBox<bool>();
        using var deadline = new CancellationTokenSource(timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return options.Type == ProbeType.Connect
                ? await ConnectAsync(endpoint, timeout, started, linked.Token)
                : await GetAsync(endpoint, options, httpVersion, timeout, started, connected, linked.Token);
        }
        catch (Exception ex)
        {
            // A probe that fails just when the program ends is a probe that was given up.
            cancellationToken.ThrowIfCancellationRequested();
            return ex switch
            {
                DialException dial => Failed(dial.Code, $"the probe failed {dial.Message}"),
                HttpRequestException { InnerException: DialException dial } => Failed(dial.Code, $"the probe failed {dial.Message}"),
                OperationCanceledException => Failed("timeout", string.Create(CultureInfo.InvariantCulture, $"{Describe(options, endpoint)} had no answer within {timeout.TotalSeconds:0.###} s (Health:Probe:Timeout)")),
                HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } => Failed("closed", $"{Describe(options, endpoint)} was answered by closing the connection"),
                HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } => Failed("protocol", $"{Describe(options, endpoint)} was answered by something that is not HTTP/{httpVersion} (Routing:HttpVersion, Health:Probe:Type)"),
                _ => Failed("protocol", $"{Describe(options, endpoint)} failed: {ex.GetBaseException().Message.TrimEnd('.')} (Routing:HttpVersion, Health:Probe:Type)"),
            };
        }

        ProbeResult Failed(string code, string detail) => new(time.GetUtcNow(), false, time.GetElapsedTime(started), code, detail, Connected: connected.Value);
    }

    private static string Describe(ProbeOptions options, EnclaveEndpoint endpoint) => $"probe GET {EnclaveGet.Shown(options.Path)} on {endpoint}";

    private async Task<ProbeResult> ConnectAsync(EnclaveEndpoint endpoint, TimeSpan timeout, long started, CancellationToken cancellationToken)
    {
        await using var stream = await dialer.DialAsync(endpoint, timeout, cancellationToken);
        return new ProbeResult(time.GetUtcNow(), true, time.GetElapsedTime(started), "ok", $"{endpoint} accepts connections");
    }

    private async Task<ProbeResult> GetAsync(EnclaveEndpoint endpoint, ProbeOptions options, Version httpVersion, TimeSpan timeout, long started, StrongBox<bool> connected, CancellationToken cancellationToken)
    {
        using var client = EnclaveGet.Client(async ct =>
        {
            var stream = await dialer.DialAsync(endpoint, timeout, ct);
            connected.Value = true;
            return stream;
        });
        using var request = EnclaveGet.Request(options.Path, httpVersion, options.Host, "parent-proxy-probe");
        using var response = await client.SendAsync(request, cancellationToken);
        var status = (int)response.StatusCode;
        if (!options.ExpectedStatus.Contains(status))
        {
            return Verdict(false, "status", $"{Describe(options, endpoint)} answered {status}, expected {options.ExpectedStatus}; Health:Probe:Path sets what is asked, Health:Probe:ExpectedStatus what counts as healthy");
        }

        if (options.ExpectedBody is { } expected && !await BodyContainsAsync(response, expected, cancellationToken))
        {
            return Verdict(false, "body", $"{Describe(options, endpoint)} answered {status} without the text of Health:Probe:ExpectedBody in its first {MaxBodyBytes} bytes");
        }

        return Verdict(true, "ok", $"{Describe(options, endpoint)} answered {status}");

        ProbeResult Verdict(bool ok, string code, string detail) => new(time.GetUtcNow(), ok, time.GetElapsedTime(started), code, detail, status);
    }

    private static async Task<bool> BodyContainsAsync(HttpResponseMessage response, string expected, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(MaxBodyBytes);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            var length = await body.ReadAtLeastAsync(buffer.AsMemory(0, MaxBodyBytes), MaxBodyBytes, throwOnEndOfStream: false, cancellationToken);
            return buffer.AsSpan(0, length).IndexOf(Encoding.UTF8.GetBytes(expected)) >= 0;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
