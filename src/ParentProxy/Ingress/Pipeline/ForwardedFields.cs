using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using ParentProxy.Configuration;
using ParentProxy.Http1;

namespace ParentProxy.Ingress.Pipeline;

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
    public static string? ClientAddress(IHeaderDictionary headers, IPAddress? peer, bool peerIsTrusted)
    {
        if (peerIsTrusted)
        {
            var last = LastEntry(headers[For]);
            if (last.Length > 0)
                return last;
        }

        return Text(peer);
    }

    /// <summary>Drops what a peer says who is not to be believed, before anything looks at it.</summary>
    public static void DropUntrusted(IHeaderDictionary headers)
    {
        headers.Remove(For);
        headers.Remove(Proto);
        headers.Remove(Host);
        headers.Remove(Port);
        headers.Remove(Prefix);
        headers.Remove(Forwarded);
    }

    /// <summary>Whether <see cref="Write"/> writes a field.</summary>
    public static bool IsWritten(string name) => name.Length switch
    {
        15 => name.Equals(For, StringComparison.OrdinalIgnoreCase),
        16 => name.Equals(Host, StringComparison.OrdinalIgnoreCase) || name.Equals(Port, StringComparison.OrdinalIgnoreCase),
        17 => name.Equals(Proto, StringComparison.OrdinalIgnoreCase),
        _ => false,
    };

    /// <summary>Writes the fields as the enclave is to see them.</summary>
    public static void Write(HttpContext context, MessageBuffer buffer)
    {
        var values = new Values(context);
        if (values.For.Length > 0)
            buffer.Field(For, values.For);
        buffer.Field(Proto, values.Proto);
        if (values.Host.Length > 0)
            buffer.Field(Host, values.Host);
        if (values.Port.Length > 0)
            buffer.Field(Port, values.Port);
    }

    /// <summary>Puts the fields into the request as the enclave is to see them.</summary>
    public static void Apply(HttpContext context)
    {
        var values = new Values(context);
        var headers = context.Request.Headers;
        if (values.For.Length > 0)
            headers[For] = values.For;
        headers[Proto] = values.Proto;
        if (values.Host.Length > 0)
            headers[Host] = values.Host;
        if (values.Port.Length > 0)
            headers[Port] = values.Port;
    }

    /// <summary>What a trusted peer said, but never as a list: of several the last, which that peer wrote.</summary>
    private static string Single(StringValues given, string value) => LastEntry(given) is { Length: > 0 } last ? last : value;

    private static string LastEntry(StringValues values)
    {
        if (values.Count == 0)
            return "";
        var last = values[^1] ?? "";
        return last[(last.LastIndexOf(',') + 1)..].Trim();
    }

    private static IPAddress Unmap(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>An address as it is written in fields and logs.</summary>
    public static string? Text(IPAddress? address)
    {
        if (address is null)
            return null;
        var text = Unmap(address).ToString();
        var zone = text.IndexOf('%', StringComparison.Ordinal);
        return zone < 0 ? text : text[..zone];
    }

    /// <summary>What the fields say; empty ones are left out.</summary>
    private readonly struct Values
    {
        public Values(HttpContext context)
        {
            var headers = context.Request.Headers;
            var before = headers[ForwardedFields.For];
            var peer = Text(context.Connection.RemoteIpAddress);
            For = peer is null ? before.ToString()
                : StringValues.IsNullOrEmpty(before) ? peer
                : $"{string.Join(", ", before.ToArray())}, {peer}";
            Proto = Single(headers[ForwardedFields.Proto], context.Request.Scheme);
            Host = Single(headers[ForwardedFields.Host], headers.Host.ToString());
            var ours = context.Connection.LocalPort is > 0 and var port ? port.ToString(CultureInfo.InvariantCulture) : "";
            Port = Single(headers[ForwardedFields.Port], ours);
        }

        public string For { get; }

        public string Proto { get; }

        public string Host { get; }

        public string Port { get; }
    }
}
