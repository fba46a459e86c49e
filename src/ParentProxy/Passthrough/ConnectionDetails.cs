using System.Net;

namespace ParentProxy.Passthrough;

/// <summary>What the first bytes of a connection said of it, for its line in the log.</summary>
internal static class ConnectionDetails
{
    /// <summary>The details, divided by commas.</summary>
    /// <param name="preread">What was read.</param>
    /// <param name="readsServerName">Whether a ClientHello was asked for.</param>
    /// <param name="peer">The other end of the socket, where a header names another client.</param>
    public static string Describe(Preread preread, bool readsServerName, EndPoint? peer)
    {
        var parts = new List<string>();
        if (readsServerName && preread.Hello is { } hello)
        {
            parts.Add(hello.ServerName is { } name ? $"server name {name}" : "no server name in the ClientHello");
            if (hello.ApplicationProtocols.Count > 0)
                parts.Add($"ALPN {string.Join(',', hello.ApplicationProtocols)}");
            if (hello.HasEncryptedHello)
                parts.Add("encrypted ClientHello or GREASE");
        }
        else if (readsServerName)
        {
            parts.Add("no TLS, and so no server name");
        }

        if (preread.Header is { } header)
        {
            parts.Add(header.Source is null ? $"PROXY header of {peer} without a client" : $"told by {peer}");
            if (header.AwsVpcEndpointId is { } endpoint)
                parts.Add($"VPC endpoint {endpoint}");
        }

        return string.Join(", ", parts);
    }
}
