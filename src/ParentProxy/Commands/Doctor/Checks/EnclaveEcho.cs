using System.Net.Http.Headers;
using ParentProxy.Commands.Doctor.Host;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Health;

namespace ParentProxy.Commands.Doctor.Checks;

/// <summary>
/// <c>enclave-echo</c>: 256 KiB there and back again, where the application has <c>/echo</c>. They come back as they were sent, unless
/// the kernel or the device on the way damages them.
/// </summary>
internal static class EnclaveEcho
{
    private const string Id = "enclave-echo";
    private const int Bytes = 256 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Sends them; null where the application has no echo.</summary>
    public static async Task<CheckResult?> TryAsync(
        DoctorCase @case, ProxyOptions options, Enclave enclave, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Patience, @case.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        using var client = EnclaveGet.Client(token => @case.Dialer.DialAsync(enclave.Endpoint, options.Timeouts.Connect, token));
        var host = options.Health.Probe.Host;
        try
        {
            using var question = EnclaveGet.Request("/echo", options.Routing.HttpVersion, host, Prober.UserAgent);
            if (!await IsOfferedAsync(client, question, linked.Token))
                return null;

            var sent = VsockTrial.Pattern(Bytes);
            return await SendAsync("/echo/body") ?? await SendAsync("/echo");

            async Task<CheckResult?> SendAsync(string path)
            {
                using var request = EnclaveGet.Request(path, options.Routing.HttpVersion, host, Prober.UserAgent);
                request.Method = HttpMethod.Post;
                request.Content = new ByteArrayContent(sent);
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
                using var response = await client.SendAsync(request, linked.Token);

                // One that tells of the request rather than sending it back says nothing.
                if (!response.IsSuccessStatusCode || response.Content.Headers.ContentType?.MediaType is not "application/octet-stream")
                    return null;
                var came = await response.Content.ReadAsByteArrayAsync(linked.Token);
                return VsockTrial.Difference(sent, came) is { } difference
                    ? Damaged(enclave, $"POST {path} with {Bytes / 1024} KiB: {difference}")
                    : new CheckResult(Id, CheckStatus.Ok, $"{enclave.Id}: {Bytes / 1024} KiB came back as they were sent")
                    {
                        Subject = enclave.Id,
                    };
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Damaged(enclave, $"no whole answer within {Patience.TotalSeconds:0} s");
        }
        catch (Exception ex) when (ex is HttpRequestException or IOException)
        {
            return Damaged(enclave, ex.GetBaseException().Message);
        }
    }

    /// <summary>Whether there is an echo; an application that has none may do anything with the question.</summary>
    private static async Task<bool> IsOfferedAsync(
        HttpMessageInvoker client, HttpRequestMessage question, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await client.SendAsync(question, cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception ex) when (ex is HttpRequestException or IOException or OperationCanceledException)
        {
            return false;
        }
    }

    private static CheckResult Damaged(Enclave enclave, string evidence) => new(
        Id, CheckStatus.Fail, $"{enclave.Id}: what it sends back from /echo is not what was sent")
    {
        Subject = enclave.Id,
        Evidence = [evidence],
        Remedy =
        [
            "a program in the enclave that writes more than 32 KiB at once, under Linux 6.17 or later, does that: cap its writes "
                + "(socat -b 8192), or update the kernels",
            "keep Vsock:MaxWriteBytes at its default of 28672",
        ],
    };
}
