using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ParentProxy.Vsock;

/// <summary>An AF_VSOCK address: a context identifier and a port, 32 bits each.</summary>
/// <param name="cid">The context identifier, 0 to 4294967295; <see cref="VsockCid"/> has the special ones.</param>
/// <param name="port">The port, 0 to 4294967295; <see cref="AnyPort"/> lets the kernel choose when listening.</param>
public sealed class VsockEndPoint(uint cid, uint port) : EndPoint, IEquatable<VsockEndPoint>
{
    /// <summary>The port that lets the kernel choose a free one (<c>VMADDR_PORT_ANY</c>).</summary>
    public const uint AnyPort = uint.MaxValue;

    /// <summary><c>VMADDR_FLAG_TO_HOST</c>: dial through the guest-to-host transport even where a host transport is loaded.</summary>
    public const byte ToHostFlag = 0x01;

    private const string Scheme = "vsock://";

    /// <summary>The context identifier: which machine.</summary>
    public uint Cid { get; } = cid;

    /// <summary>The port, of 32 bit.</summary>
    public uint Port { get; } = port;

    /// <summary><c>svm_flags</c> of the address: 0 or <see cref="ToHostFlag"/>. Not part of the textual form.</summary>
    public byte Flags { get; init; }

    /// <summary><see cref="AddressFamily.Unknown"/>, on purpose.</summary>
    /// <remarks>
    /// .NET has no member for AF_VSOCK (dotnet/runtime#58378). A socket over a vsock descriptor reports Unknown, ConnectAsync
    /// demands the same of the end point, and Unknown is the only family for which a <see cref="SocketAddress"/> of a foreign
    /// layout can be made: 40 throws. The true family is in the bytes that <see cref="Serialize"/> writes.
    /// </remarks>
    public override AddressFamily AddressFamily => AddressFamily.Unknown;

    /// <summary>Reads an address that is written as <c>vsock://16:6300</c>.</summary>
    /// <param name="text">CID and port in decimal, without sign, white space or leading zeros, nothing after them.</param>
    /// <exception cref="FormatException">The text has another form or a number exceeds 32 bits.</exception>
    public static VsockEndPoint Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out VsockEndPoint? endPoint)
            ? endPoint
            : throw new FormatException(
                $"'{text}' is no vsock address: expected vsock://CID:PORT with two decimal numbers from 0 to 4294967295.");
    }

    /// <summary>Reads <c>vsock://16:6300</c>; false when the text has another form (see <see cref="Parse"/>).</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out VsockEndPoint? endPoint)
    {
        endPoint = null;
        if (text is null || !text.StartsWith(Scheme, StringComparison.Ordinal))
            return false;

        ReadOnlySpan<char> rest = text.AsSpan(Scheme.Length);
        int colon = rest.IndexOf(':');
        if (colon < 0 || !TryParseNumber(rest[..colon], out uint cid) || !TryParseNumber(rest[(colon + 1)..], out uint port))
            return false;

        endPoint = new VsockEndPoint(cid, port);
        return true;
    }

    /// <summary>Writes the address as a <c>struct sockaddr_vm</c> of 16 bytes.</summary>
    public override SocketAddress Serialize()
    {
        // Exactly 16 bytes: the runtime hands the whole buffer to connect(2), whatever Size says.
        var address = new SocketAddress(AddressFamily.Unknown, SockAddrVm.Size);
        SockAddrVm.Write(address.Buffer.Span, this);
        return address;
    }

    /// <summary>Reads a <c>struct sockaddr_vm</c>.</summary>
    /// <exception cref="ArgumentException">The bytes are no AF_VSOCK address.</exception>
    public override EndPoint Create(SocketAddress socketAddress)
    {
        ArgumentNullException.ThrowIfNull(socketAddress);
        return SockAddrVm.Read(socketAddress.Buffer.Span[..socketAddress.Size]);
    }

    /// <inheritdoc/>
    public bool Equals(VsockEndPoint? other) =>
        other is not null && Cid == other.Cid && Port == other.Port && Flags == other.Flags;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as VsockEndPoint);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Cid, Port, Flags);

    /// <summary><c>vsock://16:6300</c>; <see cref="Parse"/> reads it back.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Scheme}{Cid}:{Port}");

    // A leading zero is refused: other tools would read the number as octal.
    private static bool TryParseNumber(ReadOnlySpan<char> digits, out uint value)
    {
        value = 0;
        return (digits.Length == 1 || !digits.StartsWith('0'))
            && uint.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }
}
