using System.Net.Http.Headers;
using System.Text;
using ParentProxy.Commands.Doctor.Host;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Health;

namespace ParentProxy.Commands.Doctor.Checks;

/// <summary>
/// <c>enclave-echo</c>: 256 KiB there and back again, where the application has <c>/echo</c>. They come back as they were sent, unless
/// the kernel or the device on the way damages them.
/// </summary>
/// <remarks>
/// An operator's application may have anything at that path. It gets a body only after its answer to a GET has named a random word of
/// the question, and the large one only after it has sent back one of a few bytes.
/// </remarks>
internal sealed class EnclaveEcho
{
    private const string Id = "enclave-echo";
    private const string Binary = "application/octet-stream";
    private const int Bytes = 256 * 1024;
    private const int MaxAnswerBytes = 64 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly HttpMessageInvoker _client;
    private readonly ProxyOptions _options;
    private readonly string _word = $"parent-proxy-doctor-{Guid.NewGuid():N}";

    private EnclaveEcho(HttpMessageInvoker client, ProxyOptions options)
    {
        _client = client;
        _options = options;
    }

    /// <summary>Sends them; null where the application has no echo.</summary>
    public static async Task<CheckResult?> TryAsync(
        DoctorCase @case, ProxyOptions options, Enclave enclave, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Patience, @case.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        using var client = EnclaveGet.Client(token => @case.Dialer.DialAsync(enclave.Endpoint, options.Timeouts.Connect, token));
        var echo = new EnclaveEcho(client, options);
        var path = await echo.FindAsync(linked.Token);
        if (path is null)
            return null;
        try
        {
            var sent = VsockTrial.Pattern(Bytes);
            if (await echo.PostAsync(path, sent, linked.Token) is not { } came)
                return null;
            return VsockTrial.Difference(sent, came) is { } difference
                ? Damaged(enclave, $"POST {path} with {Bytes / 1024} KiB: {difference}")
                : new CheckResult(Id, CheckStatus.Ok, $"{enclave.Id}: {Bytes / 1024} KiB came back as they were sent")
                {
                    Subject = enclave.Id,
                };
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
    /// <summary>The path that sends back what it is sent; null where the application has none.</summary>
    private async Task<string?> FindAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (!await IsNamedAsync(cancellationToken))
                return null;
            var few = Encoding.ASCII.GetBytes(_word);
            foreach (var path in (string[])["/echo/body", "/echo"])
            {
                if (await PostAsync(path, few, cancellationToken) is { } came && few.AsSpan().SequenceEqual(came))
                    return path;
            }

            return null;
        }
        catch (Exception ex) when (ex is HttpRequestException or IOException or OperationCanceledException)
        {
            // One that has no echo may do anything with the question.
            return null;
        }
    }

    /// <summary>Whether the answer to a GET names what was asked.</summary>
    private async Task<bool> IsNamedAsync(CancellationToken cancellationToken)
    {
        using var request = Request($"/echo?{_word}");
        using var answer = await _client.SendAsync(request, cancellationToken);
        if (!answer.IsSuccessStatusCode)
            return false;
        await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var text = new byte[MaxAnswerBytes];
        var count = await body.ReadAtLeastAsync(text, text.Length, throwOnEndOfStream: false, cancellationToken);
        return text.AsSpan(0, count).IndexOf(Encoding.ASCII.GetBytes(_word)) >= 0;
    }

    /// <summary>What comes back; null from one that tells of the request rather than sending it back.</summary>
    private async Task<byte[]?> PostAsync(string path, byte[] bytes, CancellationToken cancellationToken)
    {
        using var request = Request(path);
        request.Method = HttpMethod.Post;
        request.Content = new ByteArrayContent(bytes);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(Binary);
        using var response = await _client.SendAsync(request, cancellationToken);
        return response.IsSuccessStatusCode && response.Content.Headers.ContentType?.MediaType is Binary
            ? await response.Content.ReadAsByteArrayAsync(cancellationToken)
            : null;
    }

    private HttpRequestMessage Request(string path) =>
        EnclaveGet.Request(path, _options.Routing.HttpVersion, _options.Health.Probe.Host, Prober.UserAgent);

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
