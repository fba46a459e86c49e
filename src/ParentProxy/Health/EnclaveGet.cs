using System.Text;
using ParentProxy.Enclaves.Transports;

namespace ParentProxy.Health;

/// <summary>
/// A GET of our own to the application in an enclave, over a connection of its own, which takes the place of no request and
/// shows that a new one can be had.
/// </summary>
internal static class EnclaveGet
{
    /// <summary>A client for one request.</summary>
    /// <param name="dial">Opens the connection.</param>
    public static HttpMessageInvoker Client(Func<CancellationToken, Task<EnclaveStream>> dial) => new(
        new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) => await dial(cancellationToken),
            ConnectTimeout = Timeout.InfiniteTimeSpan,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        },
        disposeHandler: true);

    /// <summary>A path as messages show it: its query, which may hold a token, is left out.</summary>
    public static string Shown(string path) =>
        path.IndexOf('?', StringComparison.Ordinal) is >= 0 and var query ? $"{path[..query]}?…" : path;

    /// <summary>Builds the GET; over HTTP/1.1 it asks for the connection to be closed.</summary>
    /// <param name="path">Path and query, sent as they are written.</param>
    /// <param name="httpVersion">1.1 or 2.</param>
    /// <param name="host">The <c>Host</c> field; <c>localhost</c> when null.</param>
    /// <param name="userAgent">Says to the application who asks.</param>
    /// <param name="isTls">Whether over TLS, with the host as the server name and no look at the certificate.</param>
    public static HttpRequestMessage Request(string path, Version httpVersion, string? host, string userAgent, bool isTls = false)
    {
        var request = new HttpRequestMessage(
            HttpMethod.Get,
            new Uri((isTls ? $"https://{host ?? "localhost"}" : "http://enclave") + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
        {
            Version = httpVersion,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.TryAddWithoutValidation("Host", host ?? "localhost");
        request.Headers.TryAddWithoutValidation("User-Agent", userAgent);
        if (httpVersion.Major == 1)
            request.Headers.ConnectionClose = true;
        return request;
    }
}
