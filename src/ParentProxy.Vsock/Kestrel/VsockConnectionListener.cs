using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace ParentProxy.Vsock;

/// <summary>The accept loop of one listening address. The exception filters in <see cref="AcceptAsync"/> are its specification.</summary>
internal sealed class VsockConnectionListener(
    IAcceptSource source, VsockTransportOptions options, MemoryPool<byte>? pool, ILogger logger, TimeProvider timeProvider)
    : IConnectionListener
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();

    public EndPoint EndPoint => source.LocalEndPoint;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        TimeSpan pause = FirstPause;
        while (true)
        {
            try
            {
                VsockStream? stream = await source.AcceptAsync(either.Token).ConfigureAwait(false);
                return stream is null
                    ? null
                    : VsockConnection.Start(stream, options, pool ?? MemoryPool<byte>.Shared, logger, timeProvider);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return null;
            }
            catch (VsockException e) when (IsShortage(e.Errno))
            {
                // The waiting connection stays in the backlog, so that accepting again at once would fail again at once: without a
                // pause this loop would burn a core exactly when the machine is in trouble.
                TransportLog.AcceptPaused(logger, pause, e);
                if (!await PauseAsync(pause, either.Token, cancellationToken).ConfigureAwait(false))
                    return null;

                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
            catch (VsockException e)
            {
                // The connection went away before it was accepted; the listener is as good as before.
                TransportLog.AcceptSkipped(logger, e);
                pause = FirstPause;
            }
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _stop.Cancel();
        return source.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await UnbindAsync().ConfigureAwait(false);
        pool?.Dispose();
    }

    // Unknown belongs here because ENOMEM is among the errors that the runtime cannot name.
    private static bool IsShortage(Errno errno) =>
        errno == Errno.EMFILE || errno == Errno.ENFILE || errno == Errno.ENOBUFS || errno == Errno.ENOMEM || errno == Errno.Unknown;

    private async ValueTask<bool> PauseAsync(TimeSpan pause, CancellationToken either, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(pause, timeProvider, either).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
