using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using ParentProxy.Configuration;

namespace ParentProxy.Ingress;

/// <summary>
/// <c>X-Forwarded-*</c> and <c>Forwarded</c>: believed from the proxies in front of us and from nobody else.
/// </summary>
internal static class ForwardedFields
{
    private const string For = "X-Forwarded-For";
    private const string Proto = "X-Forwarded-Proto";
    private const string Host = "X-Forwarded-Host";
    private const string Port = "X-Forwarded-Port";
    private const string Prefix = "X-Forwarded-Prefix";
    private const string Forwarded = "Forwarded";

    /// <summary>Whether a peer is one of the trusted proxies.</summary>
    public static bool IsTrusted(IPAddress? peer, ForwardedHeadersOptions options)
    {
        if (peer is null)
            return false;
        var address = Unmap(peer);
        foreach (var network in options.TrustedProxies)
        {
            if (network.Contains(address))
                return true;
        }

        return false;
    }

    /// <summary>The client's address: the last entry that a trusted peer names, else the peer.</summary>
    public static string? ClientAddress(HttpContext context, bool peerIsTrusted)
    {
        if (peerIsTrusted)
        {
            var last = LastEntry(context.Request.Headers[For]);
            if (last.Length > 0)
                return last;
        }

        return Text(context.Connection.RemoteIpAddress);
    }

    /// <summary>Rewrites the fields of the request as the enclave is to see them.</summary>
    public static void Apply(HttpContext context, bool peerIsTrusted)
    {
        var headers = context.Request.Headers;
        var peer = Text(context.Connection.RemoteIpAddress);
        if (!peerIsTrusted)
        {
            headers.Remove(For);
            headers.Remove(Proto);
            headers.Remove(Host);
            headers.Remove(Port);
            headers.Remove(Prefix);
            headers.Remove(Forwarded);
        }

        if (peer is not null)
        {
            var before = headers[For];
            headers[For] = StringValues.IsNullOrEmpty(before) ? peer : $"{string.Join(", ", before.ToArray())}, {peer}";
        }

        SetSingle(headers, Proto, context.Request.Scheme);
        SetSingle(headers, Host, context.Request.Headers.Host.ToString());
        SetSingle(headers, Port, context.Connection.LocalPort is > 0 and var port ? port.ToString(CultureInfo.InvariantCulture) : "");
    }

    /// <summary>Keeps what a trusted peer said, but never as a list: of several the last, which that peer wrote.</summary>
    private static void SetSingle(IHeaderDictionary headers, string name, string value)
    {
        var given = LastEntry(headers[name]);
        if (given.Length > 0)
            headers[name] = given;
        else if (value.Length > 0)
            headers[name] = value;
    }

    private static string LastEntry(StringValues values)
    {
        if (values.Count == 0)
            return "";
        var last = values[^1] ?? "";
        return last[(last.LastIndexOf(',') + 1)..].Trim();
    }

    private static IPAddress Unmap(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static string? Text(IPAddress? address)
    {
        if (address is null)
            return null;
        var text = Unmap(address).ToString();
        var zone = text.IndexOf('%', StringComparison.Ordinal);
        return zone < 0 ? text : text[..zone];
    }
}
