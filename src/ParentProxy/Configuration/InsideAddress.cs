using System.Net;
using System.Net.Sockets;
using ParentProxy.Configuration.Reading;
using ParentProxy.Vsock;

namespace ParentProxy.Configuration;

/// <summary>
/// Where the program inside an enclave listens: <c>vsock://any:PORT</c>, <c>IP:PORT</c> or <c>unix:PATH</c>. Two are equal when they are
/// written alike.
/// </summary>
/// <param name="Text">The address as it is written, the name of the listener in logs and metrics.</param>
internal sealed record InsideAddress(string Text)
{
    private const string Vsock = "vsock://";
    private const string Any = "any";

    private InsideAddress(string text, EndPoint endPoint) : this(text) => EndPoint = endPoint;

    /// <summary>What is bound to; the path of a unix socket, an address of TCP or of vsock.</summary>
    public EndPoint EndPoint { get; } = new IPEndPoint(IPAddress.None, 0);

    /// <summary>The path of a unix socket; null for TCP and vsock.</summary>
    public string? SocketPath { get; private init; }

    /// <summary>Reads an address; binds nothing.</summary>
    public static Parsed<InsideAddress> Parse(string text)
    {
        if (text.StartsWith(Vsock, StringComparison.OrdinalIgnoreCase))
            return ParseVsock(text);
        if (UnixAddress.Parse(text) is { } unix)
            return unix.Select(path => new InsideAddress(UnixAddress.Text(path), new UnixDomainSocketEndPoint(path)) { SocketPath = path });
        return PassthroughAddress.Parse(text) is { Reason: null, Value.Address: { } tcp }
            ? new InsideAddress(tcp.ToString(), tcp)
            : new Mistake($"{Quoted.Text(text)} is none of vsock://any:PORT, IP:PORT like 127.0.0.1:3128, and unix:PATH");
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static Parsed<InsideAddress> ParseVsock(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < Vsock.Length || !text[Vsock.Length..colon].Equals(Any, StringComparison.OrdinalIgnoreCase))
            return new Mistake($"{Quoted.Text(text)} is not vsock://any:PORT: an enclave listens on every CID that it has");
        var (port, reason) = Values.Number(text[(colon + 1)..], 0u, uint.MaxValue);
        if (reason is null && port is 0 or uint.MaxValue)
            reason = $"port {port} cannot be dialled: the parent has to know the port";
        return reason is null
            ? new InsideAddress($"{Vsock}{Any}:{port}", new VsockEndPoint(VsockCid.Any, port))
            : new Mistake(reason);
    }
}
