using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using ParentProxy.Ingress.Pipeline;

namespace ParentProxy.Ingress.Forwarding;

/// <summary>
/// What <c>Connection</c> says: the fields that it names beside those of <see cref="Http1.HopByHopFields"/>, and whether the
/// connection ends.
/// </summary>
internal static class ConnectionFields
{
    /// <summary>
    /// Dropped by YARP although they are end-to-end, or, as those of a proxy's authentication, for whoever asks for them: we do
    /// not, so they are the application's.
    /// </summary>
    private static readonly string[] EndToEnd =
    [
        HeaderNames.UpgradeInsecureRequests, HeaderNames.AltSvc, "ALPN", "Close", "Proxy-Features", "Proxy-Instruction", "Security-Scheme",
        HeaderNames.ProxyAuthenticate, "Proxy-Authentication-Info", HeaderNames.ProxyAuthorization,
    ];

    /// <summary>Whether a field stays although <c>Connection</c> names it, by mistake or to do harm: the message needs it.</summary>
    public static bool IsKept(string name) => name.Length switch
    {
        4 => Is(name, "Host"),
        12 => Is(name, "Content-Type") || Is(name, RequestId.Field),
        13 => Is(name, "Authorization"),
        15 => Is(name, "X-Forwarded-For"),
        16 => Is(name, "X-Forwarded-Host") || Is(name, "X-Forwarded-Port"),
        17 => Is(name, "X-Forwarded-Proto"),
        _ => false,
    };

    /// <summary>
    /// The fields that the <c>Connection</c> of a request names beside the options of the connection itself; mostly null.
    /// </summary>
    public static IReadOnlyList<string>? NamedBy(StringValues connection)
    {
        List<string>? names = null;
        foreach (var line in connection)
        {
            // The usual ones, as Kestrel and ConnectionEncoding leave them.
            if (line is null or "keep-alive" or "close" or "close, keep-alive" or "Upgrade" or "upgrade, keep-alive")
                continue;
            foreach (var part in line.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                if (!IsOption(part) && !IsKept(part))
                    (names ??= []).Add(part);
            }
        }

        return names;
    }

    /// <summary>Whether the connection of an HTTP/1.x request ends with its response because the client wants it so.</summary>
    public static bool ClientCloses(HttpRequest request)
    {
        var connection = request.Headers.Connection.ToString();
        return HttpProtocol.IsHttp11(request.Protocol)
            ? HasOption(connection, "close")
            : !HasOption(connection, "keep-alive");
    }

    /// <summary>Tells an HTTP/1.x client that its connection ends with this response.</summary>
    public static void Close(HttpResponse response) =>
        response.Headers.Connection = response.Headers.Upgrade.Count > 0 ? "Upgrade, close" : "close";

    /// <summary>Whether a list of names holds one, ignoring case.</summary>
    public static bool Holds(IReadOnlyList<string> names, string name)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if (Is(names[i], name))
                return true;
        }

        return false;
    }

    /// <summary>Cleans a request that YARP's transforms have copied.</summary>
    public static void CleanRequest(IHeaderDictionary from, HttpRequestMessage to)
    {
        foreach (var name in EndToEnd)
        {
            if (from.TryGetValue(name, out var values) && !to.Headers.NonValidated.Contains(name))
                to.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
        }

        // The header collections throw for a name that is none, or that they file elsewhere; most clients know neither.
        foreach (var name in NamedBy(from.Connection) ?? [])
        {
            if (to.Headers.NonValidated.Contains(name))
                to.Headers.Remove(name);
            else if (to.Content?.Headers.NonValidated.Contains(name) == true)
                to.Content.Headers.Remove(name);
        }
    }

    /// <summary>Cleans a response that YARP's transforms have copied.</summary>
    public static void CleanResponse(HttpResponseHeaders from, IHeaderDictionary to)
    {
        foreach (var name in EndToEnd)
        {
            if (from.NonValidated.TryGetValues(name, out var values) && !to.ContainsKey(name))
                to[name] = values.ToArray();
        }

        if (!from.NonValidated.TryGetValues(HeaderNames.Connection, out var connection))
            return;
        foreach (var name in NamedBy(connection.ToArray()) ?? [])
            to.Remove(name);
    }

    private static bool HasOption(string connection, string option) =>
        connection.Length > 0 && connection.Split(',', StringSplitOptions.TrimEntries).Contains(option, StringComparer.OrdinalIgnoreCase);

    private static bool IsOption(string name) => Is(name, "close") || Is(name, "keep-alive") || Is(name, "upgrade");

    private static bool Is(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);
}
