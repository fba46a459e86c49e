using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Telemetry.AccessLog;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Telemetry.AccessLog;

public sealed class AccessLoggerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ManualTimeProvider _time = new();
    private readonly TestLog _log = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(nameof(AccessLogMode.Off), 500, true, false)]
    [InlineData(nameof(AccessLogMode.Errors), 500, true, true)]
    [InlineData(nameof(AccessLogMode.Errors), 200, true, true)]
    [InlineData(nameof(AccessLogMode.Errors), 404, false, false)]
    [InlineData(nameof(AccessLogMode.Errors), 200, false, false)]
    [InlineData(nameof(AccessLogMode.All), 200, false, true)]
    [InlineData(nameof(AccessLogMode.All), 404, false, true)]
    public async Task Wants_Modes(string mode, int status, bool isRemarkable, bool expected)
    {
        await using var log = Logger(new AccessLogOptions { Mode = Enum.Parse<AccessLogMode>(mode) });

        Assert.Equal(expected, log.Wants(status, isRemarkable));
    }

    [Theory]
    [InlineData(200, false, false)]
    [InlineData(299, false, false)]
    [InlineData(199, false, true)]
    [InlineData(300, false, true)]
    [InlineData(499, false, true)]
    [InlineData(200, true, true)]
    public async Task Wants_SampleOfNothing_LeavesOutOrdinaryAnswers2xxAlone(int status, bool isRemarkable, bool expected)
    {
        await using var log = Logger(new AccessLogOptions { Mode = AccessLogMode.All, Sample2xx = 0 });

        Assert.Equal(expected, log.Wants(status, isRemarkable));
    }

    [Theory]
    [InlineData(0.25, 0.0, true)]
    [InlineData(0.25, 0.2499, true)]
    [InlineData(0.25, 0.25, false)]
    [InlineData(1.0, 0.9999, true)]
    public async Task Wants_Sample_GoesByChance(double share, double chance, bool expected)
    {
        await using var log = Logger(new AccessLogOptions { Mode = AccessLogMode.All, Sample2xx = share }, new FixedRandom(chance));

        Assert.Equal(expected, log.Wants(200, isRemarkable: false));
    }

    [Fact]
    public async Task Write_FullDisk_IsCountedAndToldOnceAMinute()
    {
        await using var log = Logger(new AccessLogOptions { Sink = AccessLogSink.File, Path = "/dev/full", MaxFileBytes = 0 });

        await LoseAsync(log, 3, 3);
        await LoseAsync(log, 2, 5);
        Assert.Single(_log.AtLeast(LogLevel.Warning));
        _time.Advance(TimeSpan.FromMinutes(1));
        await LoseAsync(log, 1, 6);

        await Eventually.TrueAsync(() => _log.AtLeast(LogLevel.Warning).Count == 2);
        // How many are lost at a time is a matter of chance.
        Assert.Equal(6, _log
            .AtLeast(LogLevel.Warning)
            .Sum(e => int.Parse(Regex.Match(e.Message, "([0-9]+) lines").Groups[1].Value, CultureInfo.InvariantCulture)));
        Assert.Equal(0, log.Lines);
    }

    [Fact]
    public async Task Write_ConfigurationChanges_GoesWhereItSays()
    {
        var options = new AccessLogOptions { Sink = AccessLogSink.File, Path = _directory.File("a") };
        var configuration = Active(options);
        await using var log = new AccessLogger(configuration, _time, Logger());
        log.Write(Lines.Event());
        await Eventually.TrueAsync(() => log.Lines == 1);

        configuration.Replace(
            configuration.Options with { AccessLog = options with { Path = _directory.File("b"), Format = AccessLogFormat.Combined } });
        log.Write(Lines.Event());
        await log.DisposeAsync();

        Assert.StartsWith("{\"type\":\"access\"", File.ReadAllText(_directory.File("a")), StringComparison.Ordinal);
        Assert.StartsWith("192.0.2.7 - - [", Assert.Single(File.ReadAllLines(_directory.File("b"))), StringComparison.Ordinal);
    }

    private static ActiveConfiguration Active(AccessLogOptions options) =>
        new(new ProxyOptions { Sections = new ConfigurationBuilder().Build(), AccessLog = options });

    private static async Task LoseAsync(AccessLogger log, int lines, long total)
    {
        for (var i = 0; i < lines; i++)
            log.Write(Lines.Event());
        await Eventually.TrueAsync(() => log.Dropped == total);
    }

    private AccessLogger Logger(AccessLogOptions options, Random? random = null) => new(Active(options), _time, Logger(), random);

    private ILogger<AccessLogger> Logger() => LoggerFactory.Create(logging => logging.AddProvider(_log)).CreateLogger<AccessLogger>();

    private sealed class FixedRandom(double value) : Random
    {
        public override double NextDouble() => value;
    }
}
