using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using ParentProxy.Configuration;
using ParentProxy.Egress;
using ParentProxy.Egress.Logs;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;
using Serilog.Events;

namespace ParentProxy.Tests.Egress.Logs;

/// <summary>Lines over real sockets, up to the sink of the log.</summary>
public sealed class LogServiceTests : IAsyncDisposable
{
    private readonly EventLog _log = new();
    private readonly ManualTimeProvider _time = new();
    private readonly LogCounts _counts = new();
    private readonly EgressCounts _connections = new();
    private readonly LogService _service;
    private EgressLogsOptions _options = new() { Listen = new EgressAddress("unix:/run/logs.sock", Port: null, "/run/logs.sock") };

    public LogServiceTests() => _service = new LogService(() => _options, _counts, _connections, _log.Factory, _time);

    public async ValueTask DisposeAsync()
    {
        _log.Open.Set();
        await _service.DisposeAsync();
        _log.Dispose();
    }

    [Fact]
    public async Task Serve_Lines_AreEventsOfTheEnclave()
    {
        await WriteAsync("first\nsecond\r\n\n\u001b[31mno end");

        Assert.Equal(
            [
                "INF proof-server (CID 16): first", "INF proof-server (CID 16): second", @"INF proof-server (CID 16): \x1b[31mno end",
            ],
            _log.Lines);
        Assert.All(_log.Events, logEvent =>
        {
            Assert.Equal("ParentProxy.Egress.Logs.EnclaveOutput", Text(logEvent, "SourceContext"));
            Assert.Equal("proof-server", Text(logEvent, "Enclave"));
            Assert.Equal("16", Text(logEvent, "Cid"));
        });
        Assert.Equal(("first", 3), (Text(_log.Events[0], "Line"), _counts.Of(ServedConnection.Enclave).Written));
        Assert.Equal([("unix:/run/test.sock", "none", EgressResult.Ok, 1)], _connections.Results);
    }

    [Fact]
    public async Task Serve_UnknownPeer_IsNamedByItsCid()
    {
        await WriteAsync("hello", new EgressPeer(77, Id: null, Name: null));

        Assert.Equal(["INF CID 77: hello"], _log.Lines);
        Assert.Equal("unknown", Assert.Single(_counts.Read()).Label);
    }

    [Fact]
    public async Task Serve_JsonLine_KeepsItsFieldsAndOverwritesNothing()
    {
        const string sent =
            """{"level":50,"msg":"lost\u001b[1m","@t":"1970","Timestamp":"1970","Cid":3,"Enclave":"other","ctx":{"id":[7]}}""";
        await WriteAsync(sent);

        var logEvent = Assert.Single(_log.Events);
        Assert.Equal(LogEventLevel.Error, logEvent.Level);
        using var json = JsonDocument.Parse(EventLog.AsJson(logEvent));
        var properties = json.RootElement.GetProperty("Properties");
        Assert.Equal((16, "proof-server"), (properties.GetProperty("Cid").GetInt32(), properties.GetProperty("Enclave").GetString()));
        Assert.NotEqual("1970", json.RootElement.GetProperty("Timestamp").GetString());
        Assert.Equal(sent.Replace("\\u001b", @"\\x1b", StringComparison.Ordinal), properties.GetProperty("Fields").GetRawText());
        Assert.StartsWith("""ERR proof-server (CID 16): {"level":50,"msg":"lost\\x1b[1m",""", _log.Lines[0]);
    }

    [Fact]
    public async Task Serve_AnyBytes_StayOneLineWithoutControlCharacters()
    {
        var bytes = new byte[64 * 1024];
        new Random(7).NextBytes(bytes);
        await WriteAsync(bytes);

        Assert.NotEmpty(_log.Events);
        Assert.DoesNotContain(_log.Lines, line => line.Any(c => char.IsControl(c) && c != '\t'));
        Assert.DoesNotContain(_log.Events, logEvent => EventLog.AsJson(logEvent).TrimEnd('\n').Any(char.IsControl));
    }

    [Fact]
    public async Task Serve_LineOverTheLimit_IsCutMarkedAndCounted()
    {
        _options = _options with { MaxLineBytes = 10 };
        await WriteAsync("0123456789\n0123456789é and much more\n{\"a\":12345}\nnext\n");

        Assert.Equal(
            [
                "INF proof-server (CID 16): 0123456789", "INF proof-server (CID 16): 0123456789 [cut after 10 bytes]",
                "INF proof-server (CID 16): {\"a\":12345 [cut after 10 bytes]", "INF proof-server (CID 16): next",
            ],
            _log.Lines);
        Assert.Equal(2, _counts.Of(ServedConnection.Enclave).Cut);
    }

    [Fact]
    public async Task Serve_MoreLinesThanAllowedOverTwoConnections_DropsThemAndSaysSoOnce()
    {
        _options = _options with { LinesPerSecond = 2 };
        var lines = string.Concat(Enumerable.Repeat("x\n", 20));
        await WriteAsync(lines);
        await WriteAsync(lines);

        // The burst of one enclave, and no warning before its time.
        Assert.Equal(10, _log.Events.Count);
        Assert.Equal(1, _time.Timers);
        await WriteAsync("y\n", new EgressPeer(17, "other", "other"));
        Assert.Equal("INF other (CID 17): y", _log.Lines[^1]);

        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(
            "WRN proof-server (CID 16) wrote more than 2 lines a second to the log (Egress:Logs:LinesPerSecond): 30 were dropped since "
                + "the last such warning",
            _log.Lines[^1]);
        Assert.Equal(12, _log.Events.Count);
        var counts = _counts.Of(ServedConnection.Enclave);
        Assert.Equal((10, 30, 0), (counts.Written, counts.OverRate, counts.Lost));

        _time.Advance(TimeSpan.FromMinutes(1));
        await WriteAsync(lines);
        Assert.Equal(22, _log.Events.Count);
    }

    [Fact]
    public async Task Serve_LogThatBlocks_ReadsOnAndCountsWhatIsLost()
    {
        // Lines of 4 KiB, twice as many as may wait.
        _options = _options with { LinesPerSecond = 1_000_000 };
        _log.Open.Reset();
        var line = new string('x', 4095) + "\n";
        await SendAsync(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(line, 2 * EnclaveOutput.MaxWaiting / 4096))));

        var counts = _counts.Of(ServedConnection.Enclave);
        Assert.InRange(counts.Lost, 2048, 4095);
        _log.Open.Set();
        await Eventually.TrueAsync(() => counts.Written + counts.Lost == 4096, () => $"{counts.Written} + {counts.Lost}");
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.StartsWith($"WRN {counts.Lost} lines of proof-server (CID 16) were lost", _log.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_ManyEnclavesThatLeft_ForgetsNoneThatIsOverItsRate()
    {
        _options = _options with { LinesPerSecond = 1 };
        for (var cid = 100u; cid < 300; cid++)
            await SendAsync("a\na\na\na\na\na\na\n"u8.ToArray(), new EgressPeer(cid, Id: null, Name: null));
        await SendAsync("a\n"u8.ToArray(), new EgressPeer(100, Id: null, Name: null));

        Assert.Equal(200 * 2 + 1, _counts.Of(new EgressPeer(100, Id: null, Name: null)).OverRate);
    }

    [Fact]
    public async Task Serve_TimeOfAStopIsOver_EndsWithWhatWasRead()
    {
        using var cut = new CancellationTokenSource();
        using var connection = new ServedConnection(_service, cut: cut.Token);
        connection.Far.Send("whole\nhalf"u8);
        await Eventually.TrueAsync(() => _log.Events.Count == 1);

        await cut.CancelAsync();
        await connection.Served.WaitAsync(TestDeadline.Value);
        await _service.DisposeAsync();

        Assert.Equal("INF proof-server (CID 16): half", _log.Lines[^1]);
    }

    [Fact]
    public async Task Serve_ConnectionBreaks_KeepsWhatCame()
    {
        using var connection = new ServedConnection(_service);
        connection.Far.Send("whole\nhalf"u8);
        connection.Far.Close(0);

        await connection.Served.WaitAsync(TestDeadline.Value);
        await Eventually.TrueAsync(() => _log.Events.Count == 2);
    }

    private static string Text(LogEvent logEvent, string property) => $"{((ScalarValue)logEvent.Properties[property]).Value}";

    private Task WriteAsync(string text, EgressPeer? peer = null) => WriteAsync(Encoding.UTF8.GetBytes(text), peer);

    /// <summary>Completes when all of it is in the log.</summary>
    private async Task WriteAsync(byte[] bytes, EgressPeer? peer = null)
    {
        await SendAsync(bytes, peer);
        await _service.FlushAsync().WaitAsync(TestDeadline.Value);
    }

    private async Task SendAsync(byte[] bytes, EgressPeer? peer = null)
    {
        using var connection = new ServedConnection(_service, peer);
        await using (var stream = new NetworkStream(connection.Far, ownsSocket: false))
            await stream.WriteAsync(bytes).AsTask().WaitAsync(TestDeadline.Value);
        connection.Far.Shutdown(SocketShutdown.Send);
        await connection.Served.WaitAsync(TestDeadline.Value);
    }
}
