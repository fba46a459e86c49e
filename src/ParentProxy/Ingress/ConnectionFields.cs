using System.Collections.Frozen;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ParentProxy.Ingress;

/// <summary>
/// Fields that belong to one connection only (RFC 9110 §7.6.1). YARP drops those it knows by name; here those that a
/// message names itself, and here are put back the end-to-end ones that YARP drops with them.
/// </summary>
internal static class ConnectionFields
{
    /// <summary>Dropped by YARP although they are end-to-end.</summary>
    private static readonly string[] EndToEnd =
        [HeaderNames.UpgradeInsecureRequests, HeaderNames.AltSvc, "ALPN", "Close", "Proxy-Features", "Proxy-Instruction", "Security-Scheme"];

    /// <summary>Named in <c>Connection</c> by mistake or to do harm; the message needs them.</summary>
    private static readonly FrozenSet<string> Kept = new[]
    {
        "Host", "Content-Length", "Content-Type", "Transfer-Encoding", "Authorization", "Upgrade", "Connection",
        "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", RequestId.Field,
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Cleans the outgoing request.</summary>
    public static void CleanRequest(IHeaderDictionary from, HttpRequestMessage to)
    {
        foreach (var name in EndToEnd)
        {
            if (from.TryGetValue(name, out var values) && !to.Headers.NonValidated.Contains(name))
                to.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
        }

        foreach (var line in from.Connection)
        {
            // The header collections throw for a name that is none, or that they file elsewhere; most clients know neither.
            foreach (var name in Names(line))
            {
                if (to.Headers.NonValidated.Contains(name))
                    to.Headers.Remove(name);
                else if (to.Content?.Headers.NonValidated.Contains(name) == true)
                    to.Content.Headers.Remove(name);
            }
        }
    }

    /// <summary>Cleans the response on its way to the client.</summary>
    public static void CleanResponse(HttpResponseHeaders from, IHeaderDictionary to)
    {
        foreach (var name in EndToEnd)
        {
            if (from.NonValidated.TryGetValues(name, out var values) && !to.ContainsKey(name))
                to[name] = values.ToArray();
        }

        if (!from.NonValidated.TryGetValues(HeaderNames.Connection, out var connection))
            return;
        foreach (var line in connection)
        {
            foreach (var name in Names(line))
                to.Remove(name);
        }
    }

    private static IEnumerable<string> Names(string? line) =>
        (line ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Where(name => !Kept.Contains(name));
}
