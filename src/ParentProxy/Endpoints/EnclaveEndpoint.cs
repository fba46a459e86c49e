using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ParentProxy.Vsock;

namespace ParentProxy.Endpoints;

/// <summary>
/// Where an enclave is dialled: <c>vsock://16:6300</c>, <c>tcp://host:5000</c>, <c>unix:/run/app.sock</c> or
/// <c>hybrid:/run/v.sock:6300</c>. Two endpoints are equal when they name the same place.
/// </summary>
internal sealed record EnclaveEndpoint
{
    private const string VsockScheme = "vsock://";
    private const string TcpScheme = "tcp://";
    private const string UnixScheme = "unix:";
    private const string HybridScheme = "hybrid:";

    // sockaddr_un.sun_path holds 108 bytes with its NUL.
    private const int MaxSocketPathBytes = 107;

    private EnclaveEndpoint(EnclaveTransport transport, uint cid, uint port, string host, string path)
    {
        Transport = transport;
        Cid = cid;
        Port = port;
        Host = host;
        Path = path;
    }

    /// <summary>What carries the bytes.</summary>
    public EnclaveTransport Transport { get; }

    /// <summary>The context identifier; 0 for other transports than vsock.</summary>
    public uint Cid { get; }

    /// <summary>The port: 32 bit on vsock and hybrid, 16 bit on TCP, 0 for a unix socket.</summary>
    public uint Port { get; }

    /// <summary>Host name or address on TCP, in lower case; else empty.</summary>
    public string Host { get; }

    /// <summary>Path of the unix socket (unix, hybrid); else empty.</summary>
    public string Path { get; }

    /// <summary>An enclave at a CID and a port.</summary>
    public static EnclaveEndpoint Vsock(uint cid, uint port) => new(EnclaveTransport.Vsock, cid, port, "", "");

    /// <summary>An enclave, or what stands in for one, on TCP.</summary>
    public static EnclaveEndpoint Tcp(string host, uint port) => new(EnclaveTransport.Tcp, 0, port, host.ToLowerInvariant(), "");

    /// <summary>An enclave behind a unix socket.</summary>
    public static EnclaveEndpoint Unix(string path) => new(EnclaveTransport.Unix, 0, 0, "", path);

    /// <summary>An enclave behind a hybrid vsock socket.</summary>
    public static EnclaveEndpoint Hybrid(string path, uint port) => new(EnclaveTransport.Hybrid, 0, port, "", path);

    /// <summary>The same place at another port (a unix socket has none: the endpoint itself).</summary>
    public EnclaveEndpoint WithPort(uint port) =>
        Transport == EnclaveTransport.Unix ? this : new EnclaveEndpoint(Transport, Cid, port, Host, Path);

    /// <summary>The URI form, which <see cref="TryParse"/> reads.</summary>
    public override string ToString() => Transport switch
    {
        EnclaveTransport.Vsock => string.Create(CultureInfo.InvariantCulture, $"{VsockScheme}{Cid}:{Port}"),
        EnclaveTransport.Tcp when Host.Contains(':') => string.Create(CultureInfo.InvariantCulture, $"{TcpScheme}[{Host}]:{Port}"),
        EnclaveTransport.Tcp => string.Create(CultureInfo.InvariantCulture, $"{TcpScheme}{Host}:{Port}"),
        EnclaveTransport.Unix => UnixScheme + Path,
        _ => string.Create(CultureInfo.InvariantCulture, $"{HybridScheme}{Path}:{Port}"),
    };

    /// <summary>Reads the URI form.</summary>
    /// <param name="text">The URI.</param>
    /// <param name="endpoint">The endpoint when the text is one.</param>
    /// <param name="reason">Why it is none, for an operator.</param>
    public static bool TryParse(string text, out EnclaveEndpoint? endpoint, out string? reason)
    {
        endpoint = null;
        reason = null;
        if (text.StartsWith(VsockScheme, StringComparison.OrdinalIgnoreCase))
        {
            if (!VsockEndPoint.TryParse(VsockScheme + text[VsockScheme.Length..], out var vsock))
                reason = $"'{text}' is not of the form vsock://CID:PORT with both 32 bit";
            else
                reason = CheckCid(vsock.Cid) ?? CheckPort(EnclaveTransport.Vsock, vsock.Port);
            if (reason is null)
                endpoint = Vsock(vsock!.Cid, vsock.Port);
        }
        else if (text.StartsWith(TcpScheme, StringComparison.OrdinalIgnoreCase))
        {
            if (!TrySplitPort(text[TcpScheme.Length..].TrimEnd('/'), out var host, out var port))
                reason = $"'{text}' is not of the form tcp://HOST:PORT";
            else
                reason = CheckHost(Unbracket(host)) ?? CheckPort(EnclaveTransport.Tcp, port);
            if (reason is null)
                endpoint = Tcp(Unbracket(host), port);
        }
        else if (text.StartsWith(UnixScheme, StringComparison.OrdinalIgnoreCase))
        {
            // As a URI has it: unix:///run/a.sock. One place must not be two enclaves.
            var path = text[UnixScheme.Length..];
            if (path.StartsWith("///", StringComparison.Ordinal))
                path = path[2..];
            reason = CheckPath(path);
            if (reason is null)
                endpoint = Unix(path);
        }
        else if (text.StartsWith(HybridScheme, StringComparison.OrdinalIgnoreCase))
        {
            if (!TrySplitPort(text[HybridScheme.Length..], out var path, out var port))
                reason = $"'{text}' is not of the form hybrid:PATH:PORT";
            else
                reason = CheckPath(path) ?? CheckPort(EnclaveTransport.Hybrid, port);
            if (reason is null)
                endpoint = Hybrid(path, port);
        }
        else
        {
            reason = $"'{text}' is none of vsock://CID:PORT, tcp://HOST:PORT, unix:PATH, hybrid:PATH:PORT";
        }

        return endpoint is not null;
    }

    /// <summary>Why a CID cannot be dialled, or null.</summary>
    public static string? CheckCid(uint cid) => cid switch
    {
        VsockCid.Hypervisor => "CID 0 is the hypervisor's and never an enclave; see EnclaveCID of 'nitro-cli describe-enclaves'",
        VsockCid.Any => "CID 4294967295 means \"any\" and can only be listened on; see EnclaveCID of 'nitro-cli describe-enclaves'",
        _ => null,
    };

    /// <summary>Why a port cannot be dialled on a transport, or null.</summary>
    public static string? CheckPort(EnclaveTransport transport, uint port) => (transport, port) switch
    {
        (_, 0) => "port 0 cannot be dialled",
        (EnclaveTransport.Tcp, > ushort.MaxValue) => $"a TCP port is at most 65535, not {port}",
        (_, uint.MaxValue) => "port 4294967295 means \"any\" and can only be listened on",
        _ => null,
    };

    /// <summary>Why a host cannot be dialled, or null.</summary>
    public static string? CheckHost(string host)
    {
        if (host.Length == 0)
            return "the host is missing";
        return IPAddress.TryParse(host, out _) || Uri.CheckHostName(host) == UriHostNameType.Dns
            ? null
            : $"'{host}' is neither a host name nor an address";
    }

    /// <summary>Why a path cannot be a unix socket's, or null.</summary>
    public static string? CheckPath(string path)
    {
        if (path.Length == 0)
            return "the path is missing";
        if (path[0] != '/')
            return $"'{path}' is not an absolute path";
        var length = System.Text.Encoding.UTF8.GetByteCount(path);
        return length > MaxSocketPathBytes
            ? $"the path is {length} bytes long, a unix socket's at most {MaxSocketPathBytes}"
            : null;
    }

    private static bool TrySplitPort(string text, out string host, out uint port)
    {
        port = 0;
        var colon = text.LastIndexOf(':');
        host = colon < 0 ? text : text[..colon];
        return colon >= 0 && uint.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port);
    }

    private static string Unbracket(string host) =>
        host is ['[', .. var inner, ']']
            && IPAddress.TryParse(inner, out var address)
            && address.AddressFamily == AddressFamily.InterNetworkV6
            ? inner
            : host;
}
