using System.Buffers.Binary;
using System.Text;
using Microsoft.Extensions.Logging;
using ParentProxy.Egress;
using ParentProxy.Egress.Time;
using ParentProxy.Runtime;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;
using ParentProxy.Vsock;

namespace ParentProxy.Tests.Egress.Time;

public sealed class TimeServiceTests : IDisposable
{
    private const string Expected = "2026-11-29T20:00:00.123456Z error=0.000250 synchronized=true leap=none source=kernel\n";
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly TestLog _log = new();
    private readonly LoggerFactory _factory;
    private readonly ManualTimeProvider _time = new();
    private readonly List<string> _refused = [];
    private readonly EgressCounts _counts = new();
    private readonly TimeService _service;
    private ClockReading _reading = new(
        new DateTime(2026, 11, 29, 20, 0, 0, 123, 456, DateTimeKind.Utc), TimeSpan.FromMicroseconds(250), IsSynchronized: true);

    public TimeServiceTests()
    {
        _factory = new LoggerFactory([_log]);
        _service = new TimeService(
            () => _reading,
            () => Timeout,
            (peer, what) => _refused.Add($"{peer} {what}"),
            _counts,
            _factory.CreateLogger<TimeService>(),
            _time);
    }

    public void Dispose()
    {
        _factory.Dispose();
        _log.Dispose();
    }

    [Theory]
    [InlineData("time\n")]
    [InlineData("TIME\r\n")]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public async Task Serve_LineOfText_GetsOneLineAndTheEnd(string question)
    {
        foreach (var pieces in new[] { question.Length, 1 })
        {
            using var connection = new ServedConnection(_service);
            foreach (var piece in Encoding.ASCII.GetBytes(question).Chunk(pieces))
                connection.Far.Send(piece);

            Assert.Equal(Expected, Encoding.ASCII.GetString(await connection.ReadAllAsync()));
        }

        Assert.Empty(_refused);
        Assert.Equal([("unix:/run/test.sock", "none", EgressResult.Ok, 2)], _counts.Results);
    }

    [Theory]
    [InlineData("")]
    [InlineData("time")]
    public async Task Serve_EndInsteadOfALineEnd_GetsTheLine(string question)
    {
        using var connection = new ServedConnection(_service);
        connection.SendLast(Encoding.ASCII.GetBytes(question));

        Assert.Equal(Expected, Encoding.ASCII.GetString(await connection.ReadAllAsync()));
    }

    [Fact]
    public async Task Serve_LeapSecondAndNoSource_StandInTheLine()
    {
        _reading = _reading with { IsSynchronized = false, MaxError = TimeSpan.FromSeconds(16), Leap = LeapSecond.Insert };
        using var connection = new ServedConnection(_service);
        connection.Far.Send("time\n"u8);

        Assert.EndsWith(
            " error=16.000000 synchronized=false leap=insert source=kernel\n",
            Encoding.ASCII.GetString(await connection.ReadAllAsync()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("date\n")]
    [InlineData("timetime")]
    [InlineData("time \n")]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("\u0024 a server's packet has no business here, nor has anything as long as this")]
    public async Task Serve_AnythingElse_IsClosedWithoutAByteAndTold(string question)
    {
        using var connection = new ServedConnection(_service);
        connection.Far.Send(Encoding.ASCII.GetBytes(question));

        await connection.Served.WaitAsync(TestDeadline.Value);
        Assert.StartsWith("proof-server (CID 16) asked neither", Assert.Single(_refused), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("tim")]
    [InlineData("\u0023 half a packet")]
    public async Task Serve_NothingFollows_IsClosedInTime(string beginning)
    {
        using var connection = new ServedConnection(_service);
        await _time.WaitForTimerAsync(Timeout);
        connection.Far.Send(Encoding.ASCII.GetBytes(beginning));

        _time.Advance(Timeout);

        await connection.Served.WaitAsync(TestDeadline.Value);
        Assert.Empty(_refused);
        Assert.Empty(_counts.Results);
    }

    [Fact]
    public async Task Serve_NtpPackets_AreEachAnswered()
    {
        using var connection = new ServedConnection(_service);
        connection.Far.Send([.. Question(1), .. Question(2), .. Question(3)[..20]]);
        AssertAnswers(await connection.ReadAsync(96), 1, 2);

        // A bridge keeps the stream for the next packet, and the time-out begins anew.
        _time.Advance(Timeout / 2);
        connection.Far.Send(Question(3).AsSpan(20));
        AssertAnswers(await connection.ReadAsync(48), 3);
        _time.Advance(Timeout * 0.75);
        connection.SendLast(Question(4));
        AssertAnswers(await connection.ReadAllAsync(), 4);
        Assert.Empty(_refused);
        Assert.Equal([("unix:/run/test.sock", "none", EgressResult.Ok, 1)], _counts.Results);
    }

    [Fact]
    public async Task Serve_BridgeThatStaysOpen_IsClosedInTime()
    {
        using var connection = new ServedConnection(_service);
        connection.Far.Send(Question(1));
        await connection.ReadAsync(48);
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(Timeout);
            return connection.Served.IsCompleted;
        });

        Assert.Empty(await connection.ReadAllAsync());
    }

    [Fact]
    public async Task Serve_PacketWithAKey_IsAnsweredOnceAndClosed()
    {
        // 48 bytes and a code of 20: over a stream nobody can tell where such a packet ends.
        using var connection = new ServedConnection(_service);
        connection.Far.Send([.. Question(1), 0, 0, 0, 1, .. new byte[16]]);

        AssertAnswers(await connection.ReadAllAsync(), 1);
        Assert.Single(_refused);
    }

    [Fact]
    public async Task Serve_StateOfTheClock_IsSaidWhenItChanges()
    {
        await AskAsync();
        Assert.Empty(_log.Entries);

        _reading = _reading with { IsSynchronized = false };
        await AskAsync();
        await AskAsync();
        _reading = _reading with { Failure = Errno.EPERM };
        await AskAsync();
        _reading = _reading with { IsSynchronized = true, Failure = null };
        await AskAsync();
        await AskAsync();

        Assert.Equal([LogLevel.Warning, LogLevel.Warning, LogLevel.Information], _log.Entries.Select(entry => entry.Level));
        Assert.Contains("rtcsync", _log.Entries[0].Message, StringComparison.Ordinal);
        Assert.All(
            ["adjtimex: EPERM", "systemctl edit parent-proxy", "[Service]", "ProtectClock=no", "SystemCallFilter=adjtimex clock_adjtime"],
            part => Assert.Contains(part, _log.Entries[1].Message, StringComparison.Ordinal));
    }

    private static byte[] Question(ulong number)
    {
        var packet = new byte[NtpPacket.Length];
        packet[0] = 0x23;
        BinaryPrimitives.WriteUInt64BigEndian(packet.AsSpan(40), number);
        return packet;
    }

    private static void AssertAnswers(byte[] answers, params ulong[] numbers)
    {
        Assert.Equal(numbers, answers.Chunk(NtpPacket.Length).Select(answer => BinaryPrimitives.ReadUInt64BigEndian(answer.AsSpan(24))));
        Assert.All(answers.Chunk(NtpPacket.Length), answer => Assert.Equal(0x24, answer[0]));
    }

    private async Task AskAsync()
    {
        using var connection = new ServedConnection(_service);
        connection.Far.Send("time\n"u8);
        await connection.ReadAllAsync();
    }
}
