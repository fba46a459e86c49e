namespace ParentProxy.Tls;

/// <summary>What a client tells in the clear before TLS begins.</summary>
/// <param name="ServerName">
/// In lower case and without the root's dot, as routes are compared (RFC 6066 §3 wants it without; .NET and Node send it). Usually a
/// host name; an IP address if the client sent one, which RFC 6066 forbids. Null if there was none: no client sends a name for an
/// address, and Java and <c>openssl s_client</c> send none for a name without a dot.
/// </param>
/// <param name="ApplicationProtocols">
/// ALPN (RFC 7301) in the client's order, for logs: bytes that are not visible ASCII are written <c>\xNN</c>. No more than the
/// first <see cref="ClientHelloReader.MaxProtocols"/>.
/// </param>
/// <param name="HasEncryptedHello">
/// Whether an encrypted ClientHello (RFC 9849) is there. It may be GREASE, made of random bytes, as Chromium sends to every server.
/// If it is real, <paramref name="ServerName"/> is the public name of who can decrypt it.
/// </param>
internal sealed record ClientHello(string? ServerName, IReadOnlyList<string> ApplicationProtocols, bool HasEncryptedHello);
