using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using ParentProxy.Runtime;

namespace ParentProxy.Egress.Time;

/// <summary>
/// Tells enclaves the time: in a line of text, or in the packets of NTP as a bridge from UDP carries them. The first byte tells which.
/// </summary>
/// <param name="clock">Reads the clock.</param>
/// <param name="requestTimeout">How long a question may take to come, and the next one after it.</param>
/// <param name="refuse">Told of a peer that asked for something else, and what.</param>
/// <param name="counts">What is answered is counted here, once for each connection.</param>
/// <param name="logger">Where changes of the clock's state are said.</param>
/// <param name="time">The clock for the time-out.</param>
internal sealed class TimeService(
    Func<ClockReading> clock,
    Func<TimeSpan> requestTimeout,
    Action<EgressPeer, string> refuse,
    EgressCounts counts,
    ILogger<TimeService> logger,
    TimeProvider time)
    : IEgressService
{
    /// <summary>The longest question in text, its end included: <c>time\r\n</c>.</summary>
    private const int MaxText = 6;

    private const int NeverSaid = 0;
    private const int SaidSynchronized = 1;
    private const int SaidNotSynchronized = 2;
    private const int SaidNotReadable = 3;

    private int _said;

    /// <inheritdoc/>
    public async Task ServeAsync(EgressConnection connection, CancellationToken cut)
    {
        using var patience = new CancellationTokenSource(requestTimeout(), time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cut);
        try
        {
            await ServeAsync(connection, patience, both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Nothing was asked any more: a bridge from UDP leaves its stream open, and ends when it is closed.
        }
    }

    private static bool IsText(ReadOnlySpan<byte> question) =>
        Ascii.EqualsIgnoreCase(question.TrimEnd("\r\n"u8), "time"u8) || question.TrimEnd("\r\n"u8).IsEmpty;

    private static byte[] Line(ClockReading reading) => Encoding.ASCII.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"{reading.Utc:yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'} error={reading.MaxError.TotalSeconds:0.000000} "
        + $"synchronized={(reading.IsSynchronized ? "true" : "false")} leap={Word(reading.Leap)} source=kernel\n"));

    private static string Word(LeapSecond leap) => leap switch
    {
        LeapSecond.Insert => "insert",
        LeapSecond.Delete => "delete",
        _ => "none",
    };

    private async Task ServeAsync(EgressConnection connection, CancellationTokenSource patience, CancellationToken cancellationToken)
    {
        var socket = connection.Socket;
        var question = new byte[NtpPacket.Length];
        var filled = 0;
        var hasAnswered = false;
        while (true)
        {
            var count = await socket.ReceiveAsync(question.AsMemory(filled), cancellationToken).ConfigureAwait(false);
            var received = clock();
            filled += count;
            if (count == 0 && hasAnswered)
                return;
            if (filled > 0 && NtpPacket.IsQuestion(question[0]))
            {
                if (count == 0)
                    return;
                if (filled < question.Length)
                    continue;
                patience.CancelAfter(requestTimeout());
                NtpPacket.Answer(question, received, Read());
                await socket.WriteAsync(question, cancellationToken).ConfigureAwait(false);
                if (!hasAnswered)
                    counts.Count(connection.Listener, EgressCounts.NoRule, EgressResult.Ok);
                (filled, hasAnswered) = (0, true);
                continue;
            }

            var isWhole = count == 0 || question.AsSpan(0, filled).Contains((byte)'\n');
            if (!isWhole && filled < MaxText)
                continue;
            if (!isWhole || !IsText(question.AsSpan(0, filled)))
            {
                refuse(connection.Peer, "asked neither by a line \"time\" nor by a packet of NTP (48 bytes, mode 3, version 3 or 4)");
                return;
            }

            await socket.WriteAsync(Line(Read()), cancellationToken).ConfigureAwait(false);
            counts.Count(connection.Listener, EgressCounts.NoRule, EgressResult.Ok);
            return;
        }
    }

    /// <summary>Reads the clock, and says so when its state is another than it was.</summary>
    private ClockReading Read()
    {
        var reading = clock();
        var state = SaidSynchronized;
        if (!reading.IsSynchronized)
            state = reading.Failure is null ? SaidNotSynchronized : SaidNotReadable;
        var before = Interlocked.Exchange(ref _said, state);
        if (before == state)
            return reading;
        if (state == SaidNotSynchronized)
            TimeLog.NotSynchronized(logger);
        else if (state == SaidNotReadable)
            TimeLog.NotReadable(logger, reading.Failure!.Value);
        else if (before != NeverSaid)
            TimeLog.Synchronized(logger, reading.MaxError);
        return reading;
    }
}
