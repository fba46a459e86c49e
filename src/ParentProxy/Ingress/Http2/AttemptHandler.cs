using System.Net;
using ParentProxy.Ingress.Forwarding;

namespace ParentProxy.Ingress.Http2;

/// <summary>
/// Between YARP's forwarder and the connections: lets the <see cref="Attempt"/> of a request see its bytes pass, sends
/// small pieces at once, and refuses an upgrade that nobody asked for.
/// </summary>
internal sealed class AttemptHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <summary>Where a request carries what watches it.</summary>
    public static readonly HttpRequestOptionsKey<AttemptBinding> Binding = new("parent-proxy.attempt");

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (!request.Options.TryGetValue(Binding, out var binding))
            return await base.SendAsync(request, cancellationToken);

        var attempt = binding.Attempt;
        if (request.Content is { } body)
            request.Content = new WatchedRequestContent(body, attempt);

        var response = await base.SendAsync(request, cancellationToken);
        var asked = request.Headers.NonValidated.Contains("Upgrade") || request.Headers.Protocol is not null;
        var isTunnel = response.StatusCode == HttpStatusCode.SwitchingProtocols
            || (request.Method == HttpMethod.Connect && response.StatusCode == HttpStatusCode.OK);
        if (isTunnel && !asked)
        {
            response.Dispose();
            throw new HttpRequestException(HttpRequestError.InvalidResponse, "The enclave switched protocols unasked.");
        }

        // RFC 9110 §15: there is no such status. Over HTTP/1.1 the parser refuses it.
        if ((int)response.StatusCode > 599)
        {
            var status = (int)response.StatusCode;
            response.Dispose();
            throw new HttpRequestException(
                HttpRequestError.InvalidResponse, FormattableString.Invariant($"The enclave answered with the status {status}."));
        }

        try
        {
            attempt.HeadReceived((int)response.StatusCode, isTunnel);
        }
        catch (OperationCanceledException)
        {
            response.Dispose();
            throw;
        }

        response.Content = new WatchedResponseContent(response.Content, binding, isTunnel);
        return response;
    }
}
