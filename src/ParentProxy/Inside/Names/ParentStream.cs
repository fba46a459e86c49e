using System.Net.Sockets;
using System.Threading.Channels;
using ParentProxy.Dns;
using ParentProxy.Sockets;

namespace ParentProxy.Inside.Names;

/// <summary>One stream to the parent: questions go out as they are asked, answers come back in any order.</summary>
/// <param name="stream">The connection, which belongs to it from here on.</param>
/// <param name="onMessage">Told of each message that comes.</param>
/// <param name="clock">The clock of the wait for answers.</param>
internal sealed class ParentStream(DuplexStream stream, Action<byte[]> onMessage, TimeProvider clock)
{
    private const int MaxWriteBytes = 16 * 1024;

    private readonly FramedMessages _received = new(DnsMessage.MaxBytes);
    private long _lastReceived;

    /// <summary>Whether a question was sent.</summary>
    public bool HasAsked { get; private set; }

    public bool HasReceived => Volatile.Read(ref _lastReceived) != 0;

    /// <summary>Carries questions and answers until one side or the other ends it, and closes it. Says how it ended.</summary>
    /// <param name="unsent">The questions to send.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<string> CarryAsync(ChannelReader<OpenQuestion> unsent, CancellationToken cancellationToken)
    {
        await using var closing = stream.ConfigureAwait(false);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<string>[] both = [DescribeAsync(ReadAsync(over.Token)), DescribeAsync(WriteAsync(unsent, over.Token))];
        var end = await Task.WhenAny(both).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        stream.Abort();
        await Task.WhenAll(both).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return await end.ConfigureAwait(false);
    }

    /// <summary>Closes it when nothing has come since then, though an answer should have: another one may lead further.</summary>
    public void AbortIfMuteSince(long timestamp)
    {
        if (Volatile.Read(ref _lastReceived) < timestamp)
            stream.Abort();
    }

    private static async Task<string> DescribeAsync(Task work)
    {
        try
        {
            await work.ConfigureAwait(false);
            return "it was closed";
        }
        catch (Exception ex) when (ex is IOException or SocketException or ObjectDisposedException or InvalidDataException)
        {
            return ex.Message;
        }
        catch (OperationCanceledException)
        {
            return "it was ended";
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var count = await stream.ReadAsync(_received.Room(), cancellationToken).ConfigureAwait(false);
            if (count == 0)
                return;
            _received.Received(count);
            Volatile.Write(ref _lastReceived, clock.GetTimestamp());
            while (_received.TryTake(out var message))
                onMessage(message);
        }
    }

    private async Task WriteAsync(ChannelReader<OpenQuestion> unsent, CancellationToken cancellationToken)
    {
        var batch = new List<ReadOnlyMemory<byte>>();
        while (await unsent.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            batch.Clear();
            for (var size = 0; size < MaxWriteBytes && unsent.TryRead(out var question);)
            {
                if (question.IsOver)
                    continue;
                question.Send(this, clock.GetTimestamp());
                HasAsked = true;
                batch.Add(question.Message());
                size += question.Query.Bytes.Length;
            }

            if (batch.Count > 0)
                await stream.WriteAsync(FramedMessages.Frame(batch), cancellationToken).ConfigureAwait(false);
        }
    }
}
