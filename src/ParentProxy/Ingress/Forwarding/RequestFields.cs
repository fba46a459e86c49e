using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using ParentProxy.Http1;
using ParentProxy.Ingress.Pipeline;

namespace ParentProxy.Ingress.Forwarding;

/// <summary>
/// Writes the head of a request as the enclave is to see it: what the client sent, without what concerned its connection alone.
/// </summary>
internal static class RequestFields
{
    /// <summary>Writes request line and fields.</summary>
    /// <param name="connection">Where to.</param>
    /// <param name="plan">What goes out.</param>
    /// <param name="context">The client's request.</param>
    /// <exception cref="InvalidRequestException">The request cannot be written as HTTP/1.1.</exception>
    public static void Write(Http1Connection connection, RequestPlan plan, HttpContext context)
    {
        var headers = context.Request.Headers;
        var named = ConnectionFields.NamedBy(headers.Connection);
        Begin(connection, plan, headers.Host);
        foreach (var (name, values) in headers)
        {
            if (!ForwardedFields.IsWritten(name))
                Write(connection.Request, plan, name, values, named);
        }

        ForwardedFields.Write(context, connection.Request);
        End(connection, plan);
    }

    /// <summary>Writes the request line and <c>Host</c>, which stands first (RFC 9110 §7.2).</summary>
    public static void Begin(Http1Connection connection, RequestPlan plan, StringValues host)
    {
        connection.Begin(plan.Method, plan.Target);
        connection.Request.Field("Host", host.Count > 0 ? host[0] ?? "" : plan.FallbackHost);
    }

    /// <summary>Writes the lines of one field, if it goes to the enclave.</summary>
    public static void Write(MessageBuffer buffer, RequestPlan plan, string name, StringValues values, IReadOnlyList<string>? named)
    {
        if (IsDropped(name)
            || (plan.TraceParent is not null && name.Equals(HeaderNames.TraceParent, StringComparison.OrdinalIgnoreCase))
            || (named is not null && ConnectionFields.Holds(named, name))
            || (plan.WebSocketKey is not null && name.Equals("Sec-WebSocket-Key", StringComparison.OrdinalIgnoreCase)))
            return;
        if (values.Count == 1)
        {
            buffer.Field(name, values[0] ?? "");
            return;
        }

        foreach (var value in values)
            buffer.Field(name, value ?? "");
    }

    /// <summary>Writes what concerns this connection, and ends the head.</summary>
    public static void End(Http1Connection connection, RequestPlan plan)
    {
        var buffer = connection.Request;
        buffer.Field(RequestId.Field, plan.RequestId);
        if (plan.TraceParent is { } parent)
            buffer.Field(HeaderNames.TraceParent, parent);
        if (plan.Expectation is { } expectation)
            buffer.Field("Expect", expectation);
        if (plan.Framing == RequestBodyFraming.Chunked)
            buffer.Field("Transfer-Encoding", "chunked");
        else if (plan.ContentLength is { } length)
            buffer.Field("Content-Length", length.ToString(CultureInfo.InvariantCulture));
        if (plan.TakesTrailers)
            buffer.Field("TE", "trailers");
        if (plan.Upgrade is { } protocol)
            buffer.Field("Upgrade", protocol);
        if (plan.WebSocketKey is { } key)
            buffer.Field("Sec-WebSocket-Key", key);
        if (plan.TakesTrailers || plan.Upgrade is not null)
            buffer.Field("Connection", !plan.TakesTrailers ? "Upgrade" : plan.Upgrade is null ? "TE" : "TE, Upgrade");
        buffer.EndFields();
    }

    /// <summary>The pseudo fields of HTTP/2 and what <see cref="Begin"/> and <see cref="End"/> write.</summary>
    private static bool IsDropped(string name) => name.Length switch
    {
        4 => name.Equals("Host", StringComparison.OrdinalIgnoreCase),
        6 => name.Equals("Expect", StringComparison.OrdinalIgnoreCase),
        12 => name.Equals(RequestId.Field, StringComparison.OrdinalIgnoreCase),
        _ => false,
    } || name[0] == ':' || HopByHopFields.Contains(name);
}
