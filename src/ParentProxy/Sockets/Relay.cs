using System.Buffers;

namespace ParentProxy.Sockets;

/// <summary>Bytes in both directions between two connections, each ended by itself. Holds no buffer while nothing moves.</summary>
internal sealed class Relay(IRelayEnd front, IRelayEnd back, IRelayOwner owner)
{
    private const int BufferBytes = 16 * 1024;

    /// <summary>Copies until both directions have ended.</summary>
    /// <exception cref="Exception">An end broke; both are aborted then.</exception>
    public async Task RunAsync()
    {
        var up = CopyAsync(front, back);
        var down = CopyAsync(back, front);
        if (!(await Task.WhenAny(up, down)).IsCompletedSuccessfully)
        {
            back.Abort();
            front.Abort();
        }

        await Task.WhenAll(up, down);
    }

    private async Task CopyAsync(IRelayEnd from, IRelayEnd to)
    {
        var at = from;
        try
        {
            while (true)
            {
                at = from;
                _ = await from.ReadAsync(Memory<byte>.Empty);
                var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
                try
                {
                    var count = await from.ReadAsync(buffer);
                    if (count == 0)
                        break;
                    owner.OnRead(from, buffer.AsSpan(0, count));
                    at = to;
                    await to.WriteAsync(buffer.AsMemory(0, count));
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }

                owner.OnProgress();
            }
        }
        catch (Exception) when (owner.IsOver)
        {
            // Nobody is there any more to whom it could go.
            return;
        }
        catch (Exception ex)
        {
            owner.OnEnd(at, ex);
            throw;
        }

        owner.OnEnd(from, broken: null);
        await to.EndWritingAsync();
    }
}
