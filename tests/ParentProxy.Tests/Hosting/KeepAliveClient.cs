using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace ParentProxy.Tests.Hosting;

/// <summary>
/// One connection that is used again as long as the server keeps it. It never repeats a request as HttpClient does: a
/// request that gets no answer is lost.
/// </summary>
internal sealed class KeepAliveClient(Uri server) : IDisposable
{
    private TcpClient? _connection;
    private BufferedStream? _stream;

    public bool IsConnected => _connection is not null;

    /// <exception cref="SocketException">Nobody listens.</exception>
    public async Task ConnectAsync()
    {
        var connection = new TcpClient { NoDelay = true };
        try
        {
            await connection.ConnectAsync(server.Host, server.Port);
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        _connection = connection;
        _stream = new BufferedStream(connection.GetStream());
    }

    /// <summary>Sends a request on the connection and reads the whole answer.</summary>
    /// <exception cref="IOException">The request is lost.</exception>
    public async Task<(int Status, bool Close)> GetAsync(string path)
    {
        var stream = _stream!;
        await _connection!.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n"));
        var status = int.Parse((await LineAsync(stream)).Split(' ')[1], CultureInfo.InvariantCulture);
        var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        for (var line = await LineAsync(stream); line.Length > 0; line = await LineAsync(stream))
            fields[line[..line.IndexOf(':', StringComparison.Ordinal)]] = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        if (fields.TryGetValue("Content-Length", out var length))
            await SkipAsync(stream, int.Parse(length, CultureInfo.InvariantCulture));
        else if (fields.ContainsKey("Transfer-Encoding"))
            await SkipChunksAsync(stream);
        var close = fields.TryGetValue("Connection", out var connection) && connection.Equals("close", StringComparison.OrdinalIgnoreCase);
        if (close)
            Dispose();
        return (status, close);
    }

    public void Dispose()
    {
        _connection?.Dispose();
        _connection = null;
    }

    private static async Task<string> LineAsync(Stream stream)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (await stream.ReadAsync(one) == 1)
        {
            if (one[0] == '\n')
                return line.ToString().TrimEnd('\r');
            line.Append((char)one[0]);
        }

        throw new EndOfStreamException($"the connection ended at '{line}'");
    }

    private static async Task SkipChunksAsync(Stream stream)
    {
        int size;
        do
        {
            size = int.Parse(await LineAsync(stream), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            await SkipAsync(stream, size);
            await LineAsync(stream);
        }
        while (size > 0);
    }

    private static Task SkipAsync(Stream stream, int count) => stream.ReadExactlyAsync(new byte[count]).AsTask();
}
