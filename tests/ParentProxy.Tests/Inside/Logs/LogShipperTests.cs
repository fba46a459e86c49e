using System.Diagnostics.Metrics;
using System.IO.Pipes;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using ParentProxy.Configuration;
using ParentProxy.Endpoints;
using ParentProxy.Inside.Application;
using ParentProxy.Inside.Logs;
using ParentProxy.Telemetry;
using ParentProxy.Tests.Inside.Bridges;
using ParentProxy.Tests.Support;
using Serilog.Events;
using Serilog.Parsing;

namespace ParentProxy.Tests.Inside.Logs;

/// <summary>Pipes of an application, and a parent on a unix socket.</summary>
public sealed class LogShipperTests : IAsyncDisposable
{
    private readonly BridgeBench _bench = new();
    private readonly Meter _meter = new("logs");
    private readonly List<string> _received = [];
    private readonly AnonymousPipeServerStream _console = new(PipeDirection.In);
    private readonly List<IAsyncDisposable> _opened = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var one in _opened)
            await one.DisposeAsync();
        await _console.DisposeAsync();
        _meter.Dispose();
        _bench.Dispose();
    }

    [Fact]
    public async Task Read_BothOutputs_ReachTheParentInTheirOrderAndToTheLastByte()
    {
        Listen();
        var shipper = Ship();
        var (output, error) = Pipes(shipper);

        for (var i = 0; i < 5000; i++)
        {
            await output.WriteAsync(Encoding.ASCII.GetBytes($"out {i}\n"));
            await error.WriteAsync(Encoding.ASCII.GetBytes($"err {i}\r\n"));
        }

        await output.WriteAsync("the last, without an end"u8.ToArray());
        await output.DisposeAsync();
        await error.DisposeAsync();
        await shipper.FlushAsync(TestDeadline.Value);

        var lines = Received();
        Assert.Equal(
            Enumerable.Range(0, 5000).Select(i => $"err {i}"),
            lines.Where(line => line.StartsWith("err", StringComparison.Ordinal)));
        Assert.Equal(
            [.. Enumerable.Range(0, 5000).Select(i => $"out {i}"), "the last, without an end"],
            lines.Where(line => !line.StartsWith("err", StringComparison.Ordinal)));
        Assert.Equal(10_001, Measured("sent"));
    }

    [Fact]
    public async Task Drain_WhileAnotherHoldsThePipe_TakesWhatIsThere()
    {
        Listen();
        var shipper = Ship();
        var (output, _) = Pipes(shipper);
        await output.WriteAsync("last words"u8.ToArray());

        await shipper.DrainAsync();
        shipper.Sink!.Emit(Event("the end"));
        await shipper.FlushAsync(TestDeadline.Value);

        var lines = Received();
        Assert.Equal(("last words", 2), (lines[0], lines.Count));
    }

    [Fact]
    public async Task Emit_EventsOfTheProgram_ArriveAsOneObjectWithTheirLevel()
    {
        Listen();
        var shipper = Ship();
        await using (var logging = new Logging(new LogOptions(), new ConfigurationBuilder().Build(), isUnderSystemd: false, shipper.Sink))
        {
            var logger = logging.Factory.CreateLogger("Test");
            SupervisorLog.Killed(logger, "two\nlines");
        }

        await shipper.FlushAsync(TestDeadline.Value);

        var line = JsonDocument.Parse(Assert.Single(Received())).RootElement;
        Assert.Equal("Warning", line.GetProperty("level").GetString());
        Assert.EndsWith("two\nlines", line.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_ParentIsAway_LinesWaitAndItIsToldOnceOnTheConsole()
    {
        var shipper = Ship();
        var (output, _) = Pipes(shipper);
        await output.WriteAsync("first\nsecond\n"u8.ToArray());
        var told = await ConsoleLineAsync();
        Listen();

        await Eventually.TrueAsync(() => Received().Any(line => line.Contains("takes lines again", StringComparison.Ordinal)));

        Assert.Contains("takes no lines, which wait", told, StringComparison.Ordinal);
        Assert.Contains("ENOENT (there is no such socket file)", told, StringComparison.Ordinal);
        Assert.Equal(["first", "second"], Received().Where(line => !line.StartsWith('{')));
    }

    [Fact]
    public async Task Read_ParentGoesAndComesBack_LinesFollowOnANewConnection()
    {
        var first = Listen();
        var shipper = Ship();
        var (output, _) = Pipes(shipper);
        await output.WriteAsync("before\n"u8.ToArray());
        await Eventually.TrueAsync(() => Received().Contains("before"));

        await first.DisposeAsync();
        File.Delete(_bench.Path("parent"));
        await ConsoleLineAsync();
        await output.WriteAsync("meanwhile\n"u8.ToArray());
        Listen();

        await Eventually.TrueAsync(() => Received().Contains("meanwhile"));
        Assert.Equal(["before", "meanwhile"], Received().Where(line => !line.StartsWith('{')));
    }

    [Fact]
    public async Task Read_MoreThanMayWait_IsLostAndCountedAndTheWriterNeverWaits()
    {
        const int Count = 200_000;
        var shipper = Ship(new InsideLogsOptions { To = Parent, BufferBytes = 256 * 1024 });
        var (output, _) = Pipes(shipper);

        for (var i = 0; i < Count; i += 1000)
        {
            var thousand = string.Concat(Enumerable.Range(i, 1000).Select(n => $"line {n:d6} of many\n"));
            await output.WriteAsync(Encoding.ASCII.GetBytes(thousand));
        }

        await output.DisposeAsync();
        await shipper.DrainAsync();
        Listen();
        await shipper.FlushAsync(TestDeadline.Value);

        var lost = (int)Measured("lost");
        var lines = Received();
        Assert.InRange(lost, Count / 2, Count - 1);
        Assert.Equal(
            Enumerable.Range(0, Count - lost).Select(n => $"line {n:d6} of many"),
            lines.Where(line => line.StartsWith("line", StringComparison.Ordinal)));
        Assert.Contains(lines, line => line.Contains($"{lost} lines were lost here", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Flush_ParentIsNeverThere_EndsInTimeAndTellsOnTheConsole()
    {
        var shipper = Ship();
        var (output, _) = Pipes(shipper);
        await output.WriteAsync("one\ntwo\n"u8.ToArray());
        await shipper.DrainAsync();
        Assert.Contains("takes no lines", await ConsoleLineAsync(), StringComparison.Ordinal);

        await shipper.FlushAsync(TimeSpan.FromMilliseconds(1));

        Assert.Contains("3 lines have not reached the parent's log", await ConsoleLineAsync(), StringComparison.Ordinal);
        Assert.Equal((0, 3), (Measured("sent"), Measured("lost")));
    }

    [Fact]
    public async Task Console_NobodyReadsIt_HoldsUpNothing()
    {
        Listen();
        var shipper = Ship(new InsideLogsOptions { To = Parent, Console = true });
        var (output, _) = Pipes(shipper);
        var line = Encoding.ASCII.GetBytes(new string('x', 9999) + "\n");

        for (var i = 0; i < 300; i++)
        {
            await output.WriteAsync(line);
            if (i % 50 == 0)
                await Eventually.TrueAsync(() => Received().Count > i);
        }

        await output.DisposeAsync();
        await shipper.FlushAsync(TestDeadline.Value);
        Assert.Equal(300, Received().Count);
    }

    [Fact]
    public async Task Console_Wanted_HasTheLinesOfBoth()
    {
        Listen();
        var shipper = Ship(new InsideLogsOptions { To = Parent, Console = true });
        var (output, _) = Pipes(shipper);

        await output.WriteAsync("of the application\n"u8.ToArray());
        Assert.Equal("of the application", await ConsoleLineAsync());
        shipper.Sink!.Emit(Event("of the program"));

        Assert.EndsWith("INF of the program", await ConsoleLineAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutParentsLog_NothingIsTaken()
    {
        var shipper = new LogShipper(new InsideOptions(), _bench.Dialer, _meter, TimeProvider.System);
        _opened.Add(shipper);

        Assert.Null(shipper.Sink);
        Assert.False(shipper.IsWanted);
        await shipper.DrainAsync();
        await shipper.FlushAsync(TimeSpan.Zero);
    }

    private static LogEvent Event(string text) => new(
        DateTimeOffset.UnixEpoch, LogEventLevel.Information, null, new MessageTemplateParser().Parse(text), []);

    private EnclaveEndpoint Parent => EnclaveEndpoint.Unix(_bench.Path("parent"));

    private ScriptedEnclave Listen()
    {
        var server = ScriptedEnclave.Start(
            async connection =>
            {
                while (await connection.ReadLineAsync() is { } line)
                {
                    lock (_received)
                        _received.Add(line);
                }
            },
            _bench.EndPoint("parent"));
        _opened.Add(server);
        return server;
    }

    private LogShipper Ship(InsideLogsOptions? options = null)
    {
        var shipper = new LogShipper(
            new InsideOptions { Logs = options ?? new InsideLogsOptions { To = Parent } },
            _bench.Dialer,
            _meter,
            TimeProvider.System,
            (int)_console.ClientSafePipeHandle.DangerousGetHandle());
        _opened.Add(shipper);
        return shipper;
    }

    private (Stream Output, Stream Error) Pipes(LogShipper shipper)
    {
        using var output = OutputPipe.Create();
        using var error = OutputPipe.Create();
        shipper.Read(output.TakeRead(), error.TakeRead());
        return (Writer(output), Writer(error));

        FileStream Writer(OutputPipe pipe)
        {
            var stream = new FileStream(pipe.TakeWrite(), FileAccess.Write, bufferSize: 0);
            _opened.Add(stream);
            return stream;
        }
    }

    private List<string> Received()
    {
        lock (_received)
            return [.. _received];
    }

    private async Task<string> ConsoleLineAsync()
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (await _console.ReadAsync(one).AsTask().WaitAsync(TestDeadline.Value) == 1 && one[0] != '\n')
            line.Append((char)one[0]);
        return line.ToString();
    }

    private long Measured(string result)
    {
        long found = -1;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter == _meter)
                    self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, labels, _) =>
        {
            if (instrument.Name == "parentproxy.inside.log.lines" && (string)labels[0].Value! == result)
                found = value;
        });
        listener.Start();
        listener.RecordObservableInstruments();
        return found;
    }
}
