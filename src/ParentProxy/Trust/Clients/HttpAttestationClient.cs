using System.Net;
using System.Text;
using ParentProxy.Attestation;
using ParentProxy.Health;
using ParentProxy.Runtime;

namespace ParentProxy.Trust.Clients;

/// <summary>Asks with a GET, whose answer is JSON with the document in it.</summary>
/// <param name="peer">Whom it asks.</param>
/// <param name="options">What it asks for, and where in the answer the document is.</param>
internal sealed class HttpAttestationClient(AttestationPeer peer, HttpAttestationOptions options) : IAttestationClient
{
    /// <summary>Says to the application who asks.</summary>
    public const string UserAgent = "parent-proxy-attestation";

    private readonly string _what = $"GET {EnclaveGet.Shown(options.Path)}";

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">User data or a key are wanted: nothing in the request would say so.</exception>
    public Task<byte[]> RequestAsync(AttestationRequest request, CancellationToken cancellationToken)
    {
        if (request.UserData is not null || request.GenerateKey)
            throw new NotSupportedException("Over HTTP only a nonce can be asked for.");
        return peer.AskAsync(_what, token => AskAsync(options.PathWith(request.Nonce), token), cancellationToken);
    }

    private async Task<byte[]> AskAsync(string path, CancellationToken cancellationToken)
    {
        using var client = EnclaveGet.Client(peer.DialAsync);
        using var request = EnclaveGet.Request(path, options.HttpVersion, options.Host, UserAgent, options.IsTls);
        try
        {
            using var response = await client.SendAsync(request, cancellationToken);
            await response.Content.LoadIntoBufferAsync(AttestationPeer.MaxAnswerBytes, cancellationToken);
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            return response.StatusCode == HttpStatusCode.OK ? Read(body) : throw Refused(response, body);
        }
        catch (HttpRequestException ex) when (ex.HttpRequestError is HttpRequestError.ResponseEnded)
        {
            throw Nonsense("was answered by closing the connection", ex);
        }
        catch (HttpRequestException ex) when (ex.HttpRequestError is HttpRequestError.InvalidResponse)
        {
            throw Nonsense($"was answered by something that is not HTTP/{options.HttpVersion}", ex);
        }
        catch (HttpRequestException ex) when (ex.HttpRequestError is HttpRequestError.ConfigurationLimitExceeded)
        {
            throw peer.Failed(
                _what,
                AttestationRequestException.TooLarge,
                $"was answered with more than is read, {AttestationPeer.MaxAnswerBytes / 1024} KiB",
                "Is this the path of the attestation?",
                ex);
        }
    }

    private byte[] Read(byte[] body)
    {
        using var json = JsonAnswer.Read(body, out var mistake) ?? throw Nonsense($"answered 200 with {mistake}");

        // There are applications that say so with status 200, beside a document that is missing, or even one.
        if (JsonAnswer.Words(json.RootElement, "error") is { } error)
        {
            throw peer.Failed(
                _what,
                AttestationRequestException.Refused,
                $"answered 200, but with an error: {error.TrimEnd('.')}",
                "The words are the enclave's; look at its log.");
        }

        if (JsonAnswer.Text(json.RootElement, options.Pointer) is not { } text)
            throw Nonsense($"answered 200 without a text at {options.Pointer}");
        return AttestationDocument.TryDecode(text, out var document, out var failure)
            ? document
            : throw Nonsense($"answered 200, and what is at {options.Pointer} is no document: {failure.Message}");
    }

    private AttestationRequestException Refused(HttpResponseMessage response, byte[] body)
    {
        var said = Words(response, body);
        return peer.Failed(
            _what,
            AttestationRequestException.Status,
            $"answered {(int)response.StatusCode}{(said is null ? "" : $": {said.TrimEnd('.')}")}",
            said is null ? "Is this the path of the attestation, and does the enclave have a security module (/dev/nsm)?"
                : "The words are the enclave's; look at its log.");
    }

    private static string? Words(HttpResponseMessage response, byte[] body)
    {
        using var json = JsonAnswer.Read(body, out _);
        if (json is not null)
            return JsonAnswer.Words(json.RootElement, "error") ?? JsonAnswer.Words(json.RootElement, "detail");
        return response.Content.Headers.ContentType?.MediaType is "text/plain"
            && ForeignText.Shown(Encoding.UTF8.GetString(body)) is { Length: > 0 } text
            ? text
            : null;
    }

    private AttestationRequestException Nonsense(string happened, Exception? inner = null) => peer.Failed(
        _what,
        AttestationRequestException.Protocol,
        happened,
        "Are the path, the place of the document and the version of HTTP the application's?",
        inner);
}
