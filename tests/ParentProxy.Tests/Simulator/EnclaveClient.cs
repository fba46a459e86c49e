using System.Net;
using System.Net.Sockets;
using System.Text;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Simulator;

/// <summary>Reaches a simulated enclave by its URI, with HTTP or with bytes.</summary>
internal static class EnclaveClient
{
    public static HttpClient Http(string endPoint, bool http2 = false) => new(Handler(endPoint))
    {
        BaseAddress = new Uri("http://enclave"),
        DefaultRequestVersion = http2 ? HttpVersion.Version20 : HttpVersion.Version11,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = TestDeadline.Value,
    };

    public static SocketsHttpHandler Handler(string endPoint) => new()
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        ConnectCallback = async (_, cancellationToken) => await ConnectAsync(endPoint, cancellationToken),
    };

    /// <summary>Connects and, for a hybrid endpoint, shakes hands.</summary>
    public static async Task<NetworkStream> ConnectAsync(string endPoint, CancellationToken cancellationToken = default)
    {
        if (!endPoint.StartsWith("hybrid:", StringComparison.Ordinal))
            return await DialAsync(endPoint, cancellationToken);
        var colon = endPoint.LastIndexOf(':');
        var stream = await DialAsync("unix:" + endPoint["hybrid:".Length..colon], cancellationToken);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"CONNECT {endPoint[(colon + 1)..]}\n"), cancellationToken);
        var answer = await ReadLineAsync(stream, cancellationToken);
        Assert.Matches("^OK [0-9]+$", answer);
        return stream;
    }

    /// <summary>Sends a request as it is and reads until the connection ends; a reset ends it too.</summary>
    public static async Task<(byte[] Received, bool Reset)> ExchangeAsync(string endPoint, string request)
    {
        using var deadline = new CancellationTokenSource(TestDeadline.Value);
        await using var stream = await ConnectAsync(endPoint, deadline.Token);
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request), deadline.Token);
        return await ReadToEndAsync(stream, deadline.Token);
    }

    public static async Task<(byte[] Received, bool Reset)> ReadToEndAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var received = new MemoryStream();
        try
        {
            await stream.CopyToAsync(received, cancellationToken);
            return (received.ToArray(), false);
        }
        catch (IOException)
        {
            return (received.ToArray(), true);
        }
    }

    // Byte by byte: what follows the line is not ours to read.
    private static async Task<string> ReadLineAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (await stream.ReadAsync(one, cancellationToken) == 1 && one[0] != '\n')
            line.Append((char)one[0]);
        return line.ToString();
    }

    private static async Task<NetworkStream> DialAsync(string endPoint, CancellationToken cancellationToken)
    {
        EndPoint target = endPoint.StartsWith("unix:", StringComparison.Ordinal)
            ? new UnixDomainSocketEndPoint(endPoint["unix:".Length..])
            : IPEndPoint.Parse(endPoint["tcp://".Length..]);
        var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(target, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
