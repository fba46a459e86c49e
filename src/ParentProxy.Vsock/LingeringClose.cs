using System.Buffers;

namespace ParentProxy.Vsock;

/// <summary>
/// How a connection is closed whose peer has not read everything yet: a vsock that is closed right after a write can take the
/// written data with it. Our direction is ended first, and the descriptor closed when the peer has closed, too.
/// </summary>
internal static class LingeringClose
{
    private const int MaxBytes = 1 << 20;
    private const int BufferBytes = 16 * 1024;
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(1);

    /// <summary>Reads and discards what the peer still sends until it closes, for at most one second and one MiB.</summary>
    /// <param name="receive">Receives from the socket, whose sending direction has been ended; gives 0 at the end.</param>
    /// <param name="time">The clock of the second.</param>
    /// <exception cref="OperationCanceledException">The second is over.</exception>
    public static async Task DiscardUntilEndAsync(Func<Memory<byte>, CancellationToken, ValueTask<int>> receive, TimeProvider time)
    {
        using var deadline = new CancellationTokenSource(MaxTime, time);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int left = MaxBytes;
            while (left > 0)
            {
                int count = await receive(buffer, deadline.Token).ConfigureAwait(false);
                if (count == 0)
                    return;

                left -= count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
