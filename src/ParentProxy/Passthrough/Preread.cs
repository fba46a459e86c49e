using ParentProxy.ProxyProtocol;
using ParentProxy.Tls;

namespace ParentProxy.Passthrough;

/// <summary>What a client sent before an enclave was chosen.</summary>
/// <param name="Header">The PROXY header; null without one.</param>
/// <param name="Hello">The ClientHello; null when it was not asked for, or the client speaks no TLS.</param>
/// <param name="Bytes">What the client sent behind the header, which goes to the enclave unchanged.</param>
internal sealed record Preread(ProxyHeader? Header, ClientHello? Hello, byte[] Bytes)
{
    /// <summary>Of a connection of which nothing is asked.</summary>
    public static readonly Preread Nothing = new(null, null, []);
}
