using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;

namespace ParentProxy.Inside.Logs;

/// <summary>
/// Writes lines to the parent over one connection, which it makes anew whenever that ends. What the kernel had taken when it ended may be
/// lost, since the parent confirms nothing; a line of which only a part was taken is written again as a whole.
/// </summary>
/// <param name="to">The parent's <c>Egress:Logs</c>.</param>
/// <param name="queue">The lines.</param>
/// <param name="dialer">The way there.</param>
/// <param name="connectTimeout">How long a connection may take to come about.</param>
/// <param name="events">Told when the parent goes and comes back.</param>
/// <param name="time">The clock.</param>
internal sealed class ParentLines(
    EnclaveEndpoint to, LineQueue queue, IEnclaveDialer dialer, TimeSpan connectTimeout, IParentLineEvents events, TimeProvider time)
{
    private const byte LF = (byte)'\n';

    /// <summary>With so many bytes a write is worth its while; behind smaller ones more lines are waited for.</summary>
    private const int WorthWriting = 4096;

    /// <summary>
    /// How long for. A packet of vsock takes memory for kilobytes however short it is, and kernels refuse more when a few hundred of them
    /// wait, so lines go in company.
    /// </summary>
    private static readonly TimeSpan Company = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// How long the parent gets to close a new connection before anything is written: it accepts, and closes at once, what is beyond
    /// <c>Egress:MaxConnectionsPerEnclave</c>, and what was written by then is lost.
    /// </summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(50);

    /// <summary>After this a connection is one that lasts; of shorter ones no two follow each other at once.</summary>
    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    /// <summary>Writes until all was written that there will be, and the parent has read it.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var delay = FirstDelay;
        while (await HasLinesAsync(cancellationToken))
        {
            long? connected = null;
            try
            {
                await using var stream = await dialer.DialAsync(to, connectTimeout, cancellationToken);
                connected = time.GetTimestamp();
                await using (time.CreateTimer(_ => events.Connected(), state: null, Lasting, Timeout.InfiniteTimeSpan))
                {
                    if (await WriteAsync(stream, cancellationToken))
                        return;
                }

                events.Disconnected("the parent has closed the connection");
            }
            catch (IOException ex)
            {
                events.Disconnected(ex.Message);
            }

            // At the end there is no time for more patience.
            if (queue.IsComplete || (connected is { } since && time.GetElapsedTime(since) >= Lasting))
                delay = FirstDelay;
            var wait = Task.Delay(delay, time, cancellationToken);
            await (queue.IsComplete ? wait : Task.WhenAny(wait, queue.Completion));
            cancellationToken.ThrowIfCancellationRequested();
            if (delay < LongestDelay)
                delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
        }
    }

    private async Task<bool> HasLinesAsync(CancellationToken cancellationToken)
    {
        await queue.WaitAsync().WaitAsync(cancellationToken);
        return queue.TryPeek(out _) || !queue.IsComplete;
    }

    /// <summary>Returns true when all was written and read, false when the parent has closed the connection.</summary>
    private async Task<bool> WriteAsync(EnclaveStream stream, CancellationToken cancellationToken)
    {
        var ended = WaitForEndAsync(stream);
        await Task.WhenAny(ended, Task.Delay(Grace, time, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
        while (!ended.IsCompleted)
        {
            if (queue.TryPeek(out var lines))
            {
                await WriteAsync(stream, lines, cancellationToken);
                if (lines.Length < WorthWriting && !queue.IsComplete)
                    await Task.Delay(Company, time, cancellationToken);
            }
            else if (queue.IsComplete)
            {
                stream.ShutdownSend();
                await ended.WaitAsync(cancellationToken);
                return true;
            }
            else
            {
                await Task.WhenAny(queue.WaitAsync(), ended).WaitAsync(cancellationToken);
            }
        }

        return false;
    }

    private async Task WriteAsync(EnclaveStream stream, ReadOnlyMemory<byte> lines, CancellationToken cancellationToken)
    {
        var before = stream.BytesTaken;
        var taken = lines.Length;
        try
        {
            await stream.WriteAsync(lines, cancellationToken);
        }
        catch
        {
            taken = lines.Span[..(int)(stream.BytesTaken - before ?? 0)].LastIndexOf(LF) + 1;
            throw;
        }
        finally
        {
            if (taken > 0)
                queue.Advance(taken);
        }
    }

    /// <summary>The parent writes nothing: what can be read is its end.</summary>
    private static async Task WaitForEndAsync(EnclaveStream stream)
    {
        var nothing = new byte[256];
        try
        {
            while (await stream.ReadAsync(nothing, CancellationToken.None) > 0)
            {
            }
        }
        catch (Exception)
        {
            // The end, too, whatever it was; who writes is told why.
        }
    }
}
