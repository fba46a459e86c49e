using System.Globalization;
using System.Net.Sockets;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Egress;

/// <summary>
/// The real proxy with listeners of egress on unix sockets, for an enclave at CID 16 that may reach what a test names.
/// </summary>
internal sealed class EgressBench : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory;

    private EgressBench(TemporaryDirectory directory, TestProxy proxy) => (_directory, Proxy) = (directory, proxy);

    public TestProxy Proxy { get; }

    /// <summary>What reaches the log of what enclaves did not get.</summary>
    public IEnumerable<string> NotReached => Proxy.Log.Entries.Select(entry => entry.Message).Where(
        message => message.Contains("did not reach", StringComparison.Ordinal));

    /// <summary>Starts it with an HTTP proxy, and what settings more there are: <c>DIR</c> in them is a folder for sockets.</summary>
    /// <param name="hosts">What the enclave at CID 16 may reach.</param>
    /// <param name="settings">Further settings.</param>
    public static async Task<EgressBench> StartAsync(string[] hosts, params string[] settings)
    {
        var directory = new TemporaryDirectory();
        string[] all =
        [
            "Egress:Connect:Listen=unix:DIR/connect.sock",
            "Egress:Connect:Peer:Cid=16",
            "Egress:Connect:Peer:Enclave=app",
            "Egress:Allow:0:Cids:0=16",
            .. hosts.Select((host, i) => $"Egress:Allow:0:Hosts:{i}={host}"),
            .. settings,
        ];
        var proxy = await TestProxy.StartAsync(
            [.. all.Select(setting => setting.Replace("DIR", directory.Root, StringComparison.Ordinal))]);
        return new EgressBench(directory, proxy);
    }

    /// <summary>An origin on the loopback as a rule names it.</summary>
    public static string HostOf(string endPoint) => endPoint["tcp://".Length..];

    /// <summary>A setting with the folder of the sockets in the place of <c>DIR</c>.</summary>
    public string Setting(string text) => text.Replace("DIR", _directory.Root, StringComparison.Ordinal);

    /// <summary>A connection of the enclave to a listener.</summary>
    public Task<WireConnection> ConnectAsync(string socket = "connect.sock")
    {
        var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(new UnixDomainSocketEndPoint(_directory.File(socket)));
        return Task.FromResult(new WireConnection(client));
    }

    /// <summary>The answer to one request on a connection of its own.</summary>
    public async Task<WireMessage> ExchangeAsync(string request, bool bodiless = false)
    {
        await using var connection = await ConnectAsync();
        await connection.SendAsync(request);
        return await connection.ReadMessageAsync(bodiless);
    }

    /// <summary>A sample of a metric, by name and labels; 0 when there is none of it.</summary>
    public async Task<double> MetricAsync(string sample)
    {
        var text = (await Proxy.Admin.GetStringAsync("/metrics"))
            .Replace("otel_scope_name=\"ParentProxy\",", "", StringComparison.Ordinal);
        var line = text.Split('\n').FirstOrDefault(line => line.StartsWith(Setting(sample) + " ", StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        _directory.Dispose();
    }
}
