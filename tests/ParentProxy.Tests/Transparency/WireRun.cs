using System.Text;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Transparency;

/// <summary>What a script has in its hands: clients of a front, and the connections that the front opens to the enclave.</summary>
internal sealed class WireRun(IFront front, EnclaveListener enclaves) : IAsyncDisposable
{
    /// <summary>A field that the route itself sets.</summary>
    public const string FieldOfTheRoute = "X-Set-By-The-Route";

    /// <summary>An answer that asks for nothing special.</summary>
    public const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private readonly List<WireConnection> _clients = [];
    private WireConnection? _enclave;
    private int _markers;

    /// <summary>The first client.</summary>
    public WireConnection Client => _clients.Count > 0 ? _clients[0] : throw new InvalidOperationException("no client is open");

    /// <summary>The connection on which the last request came.</summary>
    public WireConnection Enclave => _enclave ?? throw new InvalidOperationException("no request came");

    /// <summary>All connections that the front opened for this case.</summary>
    public IReadOnlyList<WireConnection> EnclaveConnections => enclaves.Connections;

    /// <summary>A GET request.</summary>
    public static string Get(string target = "/", string fields = "") => $"GET {target} HTTP/1.1\r\nHost: example.test\r\n{fields}\r\n";

    /// <summary>A POST request, whose fields say how its body is framed.</summary>
    public static string Post(string fields, string body = "") => $"POST / HTTP/1.1\r\nHost: example.test\r\n{fields}\r\n{body}";

    /// <summary>Opens a connection to the front; the first one is <see cref="Client"/>.</summary>
    public async Task<WireConnection> OpenAsync()
    {
        var client = await WireConnection.ConnectAsync(front.Uri, WireDeadline.Value);
        _clients.Add(client);
        return client;
    }

    /// <summary>Sends from the first client, which is opened when there is none.</summary>
    public async Task SendAsync(string bytes)
    {
        if (_clients.Count == 0)
            await OpenAsync();
        await Client.SendAsync(bytes);
    }

    /// <summary>
    /// Whether the front answers what was sent by itself, with 4xx; if it forwards it, <see cref="Enclave"/> is where to.
    /// </summary>
    public async Task<bool> IsRefusedAsync(int to = 499)
    {
        _enclave = await enclaves.ArriveAsync(Client.HasBytesAsync());
        if (_enclave is not null)
            return false;
        Assert.True(await Client.HasBytesAsync(), "closed without an answer");
        Assert.InRange((await Client.ReadMessageAsync()).Status, 400, to);
        return true;
    }

    /// <summary>
    /// The connection on which the front sends something that has not been read; a front that answers by itself
    /// instead fails the case at once.
    /// </summary>
    /// <param name="from">The client whose request it is, where there are several that wait for something.</param>
    /// <param name="whateverComes">Whether clients may be answered, or their connections end, meanwhile.</param>
    /// <param name="busy">A connection on which bytes wait that are not meant.</param>
    public async Task<WireConnection> ArriveAsync(WireConnection? from = null, bool whateverComes = false, WireConnection? busy = null)
    {
        var answered = (from is null ? _clients : [from]).Select(c => (Client: c, HasBytes: c.HasBytesAsync())).ToList();
        var instead = whateverComes ? Task.Delay(WireDeadline.Value) : Task.WhenAny(answered.Select(a => a.HasBytes));
        var arrived = await enclaves.ArriveAsync(instead, busy);
        if (arrived is null)
        {
            Assert.False(whateverComes, "nothing arrived");
            var (client, hasBytes) = answered.First(a => a.HasBytes.IsCompleted);
            Assert.Fail(
                await hasBytes ? $"the front answered itself: {FirstLine(client.Peek())}" : "the front closed the client's connection");
        }

        return _enclave = arrived;
    }

    /// <summary>Sends a request and gives what the enclave sees of it, whole.</summary>
    public async Task<WireMessage> ForwardAsync(string request)
    {
        if (_clients.Count == 0)
            await OpenAsync();
        var sending = Client.SendAsync(request);
        var seen = await (await ArriveAsync()).ReadMessageAsync();
        await sending;
        return seen;
    }

    /// <summary>The enclave answers on the connection of the last request; gives what the client sees.</summary>
    public async Task<WireMessage> AnswerAsync(string response = Ok, bool bodiless = false)
    {
        var sending = Enclave.SendAsync(response);
        var seen = await Client.ReadMessageAsync(bodiless);
        await sending;
        return seen;
    }

    /// <summary>One request and its answer, as the other side sees each.</summary>
    public async Task<(WireMessage Request, WireMessage Response)> ExchangeAsync(
        string request, string response = Ok, bool bodiless = false) =>
        (await ForwardAsync(request), await AnswerAsync(response, bodiless));

    /// <summary>What the client has been given is in order: the next exchange on its connection is, too.</summary>
    public async Task WorksAsync()
    {
        var marker = $"/works-{++_markers}";
        var request = await ForwardAsync(Get(marker));
        Assert.Equal($"GET {marker} HTTP/1.1", request.StartLine);
        var response = await AnswerAsync($"HTTP/1.1 200 OK\r\nContent-Length: {marker.Length}\r\n\r\n{marker}");
        Assert.Equal(200, response.Status);
        Assert.Equal(marker, response.Text);
    }

    /// <summary>Sends a request that the front refuses by itself, so that the enclave sees nothing of it.</summary>
    public async Task<WireMessage> RefuseAsync(string request, int from = 400, int to = 499)
    {
        await SendAsync(request);
        var arrival = enclaves.ArriveAsync(Client.HasBytesAsync());
        if (await arrival is { } enclave)
            Assert.Fail($"the enclave was sent: {FirstLine(enclave.Peek())}");
        Assert.True(await Client.HasBytesAsync(), "closed without an answer");
        var answer = await Client.ReadMessageAsync(request.StartsWith("HEAD", StringComparison.Ordinal));
        Assert.InRange(answer.Status, from, to);
        return answer;
    }

    /// <summary>The client's connection ends here, with nothing before.</summary>
    public Task EndsAsync() => EndsAsync(Client);

    /// <summary>A connection ends here, with nothing before.</summary>
    public static async Task EndsAsync(WireConnection connection) =>
        Assert.Equal("", Encoding.Latin1.GetString((await connection.ReadToEndAsync()).Received));

    /// <summary>These very bytes come next.</summary>
    public static async Task ExpectAsync(WireConnection connection, string bytes)
    {
        var expected = Encoding.Latin1.GetBytes(bytes);
        Assert.Equal(bytes, Encoding.Latin1.GetString(await connection.ReadExactlyAsync(expected.Length)));
    }

    /// <summary>Bytes of a body come next, in chunks of any size.</summary>
    public static async Task ExpectChunkedAsync(WireConnection connection, string bytes)
    {
        var got = "";
        while (got.Length < bytes.Length && await connection.ReadChunkAsync() is { Length: > 0 } chunk)
            got += Encoding.Latin1.GetString(chunk);
        Assert.Equal(bytes, got);
    }

    /// <summary>Bytes of a body come next, framed as its head says.</summary>
    public static Task ExpectBodyAsync(WireConnection connection, WireMessage head, string bytes) =>
        head.Field("Transfer-Encoding") is null ? ExpectAsync(connection, bytes) : ExpectChunkedAsync(connection, bytes);

    /// <summary>Ends the clients' connections.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
            await client.DisposeAsync();
    }

    private static string FirstLine(string text) => text.Split('\r', '\n')[0];
}
