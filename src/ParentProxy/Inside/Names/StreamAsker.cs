using System.Net.Sockets;
using System.Threading.Channels;
using ParentProxy.Dns;
using ParentProxy.Sockets;

namespace ParentProxy.Inside.Names;

/// <summary>
/// A connection of a program that asks over TCP. Its questions are answered side by side, as answers come, and all of them before it is
/// closed: some resolvers have no time-out of their own over TCP.
/// </summary>
internal sealed class StreamAsker(LoopSocket socket, NameAnswers answers, TimeProvider clock) : IDisposable
{
    private const int MaxQuestionBytes = 4096;
    private const int MaxOpenQuestions = 100;
    private const int MaxWriteBytes = 16 * 1024;

    /// <summary>For the next question, or for an answer to be taken.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);

    private readonly FramedMessages _received = new(MaxQuestionBytes);
    private readonly Channel<byte[]> _answers = Channel.CreateUnbounded<byte[]>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SemaphoreSlim _room = new(MaxOpenQuestions);
    private int _open = 1; // Questions, and whoever reads them.

    /// <summary>Serves it to its end.</summary>
    /// <param name="cut">Ends it.</param>
    public async Task RunAsync(CancellationToken cut)
    {
        using var end = new CancellationTokenSource(Idle, clock);
        using var cutting = cut.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), end);
        var writing = WriteAsync(end);
        try
        {
            await ReadAsync(end).ConfigureAwait(false);
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException or OperationCanceledException or InvalidDataException)
        {
            // It is over, or says what is no question: what was asked before is answered still.
        }
        finally
        {
            Close();
            await writing.ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _room.Dispose();

    private async Task ReadAsync(CancellationTokenSource end)
    {
        while (true)
        {
            var count = await socket.ReceiveAsync(_received.Room(), end.Token).ConfigureAwait(false);
            if (count == 0)
                return;
            _received.Received(count);
            while (_received.TryTake(out var message))
            {
                await _room.WaitAsync(end.Token).ConfigureAwait(false);
                end.CancelAfter(Idle);
                Interlocked.Increment(ref _open);
                _ = AnswerAsync(message);
            }
        }
    }

    private async Task AnswerAsync(byte[] message)
    {
        if (await answers.AnswerAsync(message, static _ => DnsMessage.MaxBytes).ConfigureAwait(false) is { } answer)
            _answers.Writer.TryWrite(answer);
        else
            _room.Release();
        Close();
    }

    private void Close()
    {
        if (Interlocked.Decrement(ref _open) == 0)
            _answers.Writer.TryComplete();
    }

    private async Task WriteAsync(CancellationTokenSource end)
    {
        var batch = new List<ReadOnlyMemory<byte>>();
        try
        {
            while (await _answers.Reader.WaitToReadAsync(end.Token).ConfigureAwait(false))
            {
                batch.Clear();
                for (var size = 0; size < MaxWriteBytes && _answers.Reader.TryRead(out var answer); size += answer.Length)
                    batch.Add(answer);
                end.CancelAfter(Idle);
                await socket.WriteAsync(FramedMessages.Frame(batch), end.Token).ConfigureAwait(false);
                _room.Release(batch.Count);
                end.CancelAfter(Idle);
            }
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Nobody is there for the answers any more, nor are the questions of interest then.
            await end.CancelAsync().ConfigureAwait(false);
        }
    }
}
