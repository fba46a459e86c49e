using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace ParentProxy.Ingress.Kestrel;

/// <summary>
/// Lets <c>Host</c> and <c>:authority</c> end in an empty port, which RFC 3986 §3.2.3 allows and Kestrel refuses: it is shown
/// a port instead, and <see cref="Restore"/> takes that away. No client can send that port, for nobody knows it: it has as
/// many digits as 128 random bits, and others in each process.
/// </summary>
internal sealed class HostEncoding : Latin1Encoding
{
    private static readonly string Port = RandomNumberGenerator.GetString("0123456789", 39);

    /// <summary>
    /// Makes <c>Host</c> what the client sent; whether it was anything else. Then it must not stay when the request is over:
    /// Kestrel takes it for that of the next request with the same bytes, and would refuse that.
    /// </summary>
    public static bool Restore(IHeaderDictionary headers)
    {
        var host = headers.Host;
        if (host.Count != 1 || host[0] is not { } shown || !shown.EndsWith(Port, StringComparison.Ordinal))
            return false;
        headers.Host = shown[..^Port.Length];
        return true;
    }

    /// <inheritdoc/>
    public override int GetCharCount(ReadOnlySpan<byte> bytes) => bytes.Length + (HasEmptyPort(bytes) ? Port.Length : 0);

    /// <inheritdoc/>
    public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
    {
        var count = Latin1.GetChars(bytes, chars);
        if (!HasEmptyPort(bytes))
            return count;
        Port.CopyTo(chars[count..]);
        return count + Port.Length;
    }

    /// <inheritdoc/>
    public override int GetMaxCharCount(int byteCount) => byteCount + Port.Length;

    /// <summary>What else is wrong with it, Kestrel finds with any port.</summary>
    private static bool HasEmptyPort(ReadOnlySpan<byte> bytes) => bytes is [.., (byte)':'];
}
