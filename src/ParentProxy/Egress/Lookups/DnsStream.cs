using System.Buffers.Binary;
using System.Net.Sockets;
using System.Threading.Channels;
using ParentProxy.Dns;

namespace ParentProxy.Egress.Lookups;

/// <summary>
/// A stream of questions. They are answered side by side, as answers come; when too many are open, no more are read. Every question of
/// a framed stream is answered before the stream is closed: some resolvers have no time-out of their own over TCP. An answer that is not
/// taken in time ends the stream, however much is asked on it meanwhile.
/// </summary>
internal sealed class DnsStream(
    DnsService service, EgressConnection connection, TimeSpan requestTimeout, DnsCounts counts, TimeProvider clock) : IDisposable
{
    /// <summary>
    /// Fewer than an enclave may have open, and still many: names of dead zones are open for two seconds each, and the questions of all
    /// programs of an enclave may come on one stream.
    /// </summary>
    private const int MaxOpenQuestions = 1000;
    private const int MaxWriteBytes = 16 * 1024;
    private const int LengthBytes = 2;

    /// <summary>
    /// socat makes one datagram of what it reads at once, and resolvers take only the first answer of a datagram. Measured with socat
    /// 1.7.4.4 on two busy cores: 0 of 40 look-ups stalled at 10 ms, 2 at 5 ms, 10 at 2 ms. The first answer keeps it from when the
    /// stream was accepted: until socat has bound its port again, the next look-up of who has an answer is refused.
    /// </summary>
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(10);

    // glibc asks again after 5 seconds, from the same port and so on the same stream, which must not close at that very moment.
    private static readonly TimeSpan BareIdle = TimeSpan.FromSeconds(7);

    // An answer takes two seconds at most, and the stream has to be there for it.
    private static readonly TimeSpan ShortestIdle = TimeSpan.FromSeconds(3);

    private readonly MessageSplitter _splitter = new();
    private readonly Channel<(byte[] Bytes, int Kept)> _answers =
        Channel.CreateUnbounded<(byte[], int)>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SemaphoreSlim _room = new(MaxOpenQuestions);
    private readonly TimeSpan _idle = requestTimeout > ShortestIdle ? requestTimeout : ShortestIdle;
    private StreamFraming _framing;
    private int _open = 1; // Questions, and whoever reads them.
    private volatile bool _isWriting;
    private bool _isBroken;

    /// <summary>Serves it to its end.</summary>
    /// <param name="cut">Ends it.</param>
    public async Task RunAsync(CancellationToken cut)
    {
        counts.StreamOpened();
        using var end = new CancellationTokenSource(_idle, clock);
        using var cutting = cut.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), end);
        var writing = WriteAsync(end);
        var wasIdle = false;
        try
        {
            await ReadAsync(end).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            wasIdle = !cut.IsCancellationRequested;
        }
        finally
        {
            Close();
            await writing.ConfigureAwait(false);
            counts.StreamEnded(_framing, wasIdle && !_isBroken);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _room.Dispose();

    private async Task ReadAsync(CancellationTokenSource end)
    {
        while (true)
        {
            var count = await connection.Socket.ReceiveAsync(_splitter.Room(), end.Token).ConfigureAwait(false);
            if (count == 0)
                return;
            _splitter.Received(count);
            SplitStatus status;
            while ((status = _splitter.Take(out var message)) != SplitStatus.NeedMore)
            {
                if (_framing == StreamFraming.Undecided && (_framing = _splitter.Framing) == StreamFraming.Bare)
                    service.IsBare(connection);
                if (!await TryBeginAsync(message, end).ConfigureAwait(false) || status == SplitStatus.Lost)
                {
                    service.IsLost(connection);
                    return;
                }
            }
        }
    }

    /// <summary>Begins to answer a message. False when it is none that is answered.</summary>
    private async ValueTask<bool> TryBeginAsync(byte[] message, CancellationTokenSource end)
    {
        await _room.WaitAsync(end.Token).ConfigureAwait(false);
        if (!_isWriting)
            Rearm(end);
        if (DnsQuery.Read(message) is not { } query)
        {
            counts.Count(DnsResult.FormErr, _framing);
            return false;
        }

        Interlocked.Increment(ref _open);
        _ = AnswerAsync(query, end.Token);
        return true;
    }

    private async Task AnswerAsync(DnsQuery query, CancellationToken end)
    {
        try
        {
            var answer = await service.AnswerAsync(connection, query, _framing, end).ConfigureAwait(false);
            _answers.Writer.TryWrite(answer);
        }
        catch (OperationCanceledException)
        {
            // The stream is over.
        }
        finally
        {
            Close();
        }
    }

    private void Close()
    {
        if (Interlocked.Decrement(ref _open) == 0)
            _answers.Writer.TryComplete();
    }

    private void Rearm(CancellationTokenSource end) =>
        end.CancelAfter(_framing == StreamFraming.Bare && BareIdle < _idle ? BareIdle : _idle);

    private async Task WriteAsync(CancellationTokenSource end)
    {
        var written = connection.Accepted;
        try
        {
            while (await _answers.Reader.WaitToReadAsync(end.Token).ConfigureAwait(false))
            {
                while (_answers.Reader.TryRead(out var next))
                {
                    var (bytes, kept) = next;
                    var count = 1;
                    try
                    {
                        if (_framing == StreamFraming.Framed)
                            (bytes, count, kept) = Frame(next);
                        else
                            await KeepGapAsync(written, end.Token).ConfigureAwait(false);
                        Rearm(end);
                        _isWriting = true;
                        await connection.Socket.WriteAsync(bytes, end.Token).ConfigureAwait(false);
                        _isWriting = false;
                    }
                    finally
                    {
                        service.IsSent(connection, kept);
                    }

                    written = clock.GetTimestamp();
                    _room.Release(count);
                    Rearm(end);
                }
            }
        }
        catch (Exception ex) when (ex is SocketException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            // Nobody is there for the answers any more, nor are the questions of interest then.
            _isBroken = _isWriting || ex is not OperationCanceledException;
            await end.CancelAsync().ConfigureAwait(false);
            await foreach (var (_, kept) in _answers.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
                service.IsSent(connection, kept);
        }
    }

    /// <summary>An answer and those that are ready too, for one write.</summary>
    private (byte[] Bytes, int Count, int Kept) Frame((byte[] Bytes, int Kept) answer)
    {
        List<byte[]> batch = [answer.Bytes];
        var size = LengthBytes + answer.Bytes.Length;
        var kept = answer.Kept;
        while (_answers.Reader.TryPeek(out var next) && size + LengthBytes + next.Bytes.Length <= MaxWriteBytes
            && _answers.Reader.TryRead(out next))
        {
            batch.Add(next.Bytes);
            size += LengthBytes + next.Bytes.Length;
            kept += next.Kept;
        }

        var bytes = new byte[size];
        var rest = bytes.AsSpan();
        foreach (var message in batch)
        {
            BinaryPrimitives.WriteUInt16BigEndian(rest, (ushort)message.Length);
            message.CopyTo(rest[LengthBytes..]);
            rest = rest[(LengthBytes + message.Length)..];
        }

        return (bytes, batch.Count, kept);
    }

    private async Task KeepGapAsync(long written, CancellationToken cancellationToken)
    {
        while (Gap - clock.GetElapsedTime(written) is { Ticks: > 0 } left)
        {
            var whole = TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds));
            await Task.Delay(whole, clock, cancellationToken).ConfigureAwait(false);
        }
    }
}
