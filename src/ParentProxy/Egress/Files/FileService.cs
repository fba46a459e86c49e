using System.Buffers;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using ParentProxy.Configuration;
using ParentProxy.Configuration.Sections;
using ParentProxy.Vsock;

namespace ParentProxy.Egress.Files;

/// <summary>
/// Hands a file to enclaves: each connection gets it whole, as it stands when the connection comes, and then the end. One that is
/// replaced by renaming meanwhile is still sent as it was.
/// </summary>
/// <param name="options">The entry in effect at the moment.</param>
/// <param name="idleTimeout">How long an enclave may take for each part of it.</param>
/// <param name="refuse">Told of a peer that may not have it, and why; it gets not one byte.</param>
/// <param name="counts">What becomes of its connections is counted here, but for those that are refused.</param>
/// <param name="logger">Where each hand-out is said.</param>
/// <param name="time">The clock for the time-out.</param>
internal sealed class FileService(
    Func<EgressFileOptions> options,
    Func<TimeSpan> idleTimeout,
    Action<EgressPeer, string> refuse,
    EgressCounts counts,
    ILogger<FileService> logger,
    TimeProvider time)
    : IEgressService
{
    private const int PartBytes = 64 * 1024;

    /// <summary>A file system that does not answer must not take all threads.</summary>
    private static readonly SemaphoreSlim Opening = new(8);

    /// <inheritdoc/>
    /// <remarks>A stop waits for it: whoever gets half of a file cannot tell.</remarks>
    public bool IsDrained => true;

    /// <inheritdoc/>
    public async Task ServeAsync(EgressConnection connection, CancellationToken cut)
    {
        var entry = options();
        if (WhyNot(entry, connection.Peer) is { } reason)
        {
            refuse(connection.Peer, reason);
            return;
        }

        // Not on the event loop: the disk may be slow, or far away.
        var failure = "";
        await Opening.WaitAsync(cut).ConfigureAwait(false);
        using var file = await Task.Run(Open, CancellationToken.None).ConfigureAwait(false);
        if (file is null)
        {
            Count(connection, EgressResult.Unreachable);
            FilesLog.NotOpened(logger, connection.Peer, connection.Listener, entry.Path, failure);
            return;
        }

        await SendAsync(connection, entry.Path, file, cut).ConfigureAwait(false);

        SafeFileHandle? Open()
        {
            try
            {
                return RegularFile.TryOpen(entry.Path, out failure);
            }
            finally
            {
                Opening.Release();
            }
        }
    }

    /// <summary>Why a peer may not have it; null when it may.</summary>
    private static string? WhyNot(EgressFileOptions entry, EgressPeer peer)
    {
        if (entry.Cids is { } cids && (peer.Cid is not { } cid || !cids.Contains(cid)))
            return $"may not have {entry.Path}: it is for the CIDs {string.Join(", ", cids)}";
        if (entry.Enclaves is not { } patterns || patterns.Any(pattern => Matches(pattern, peer.Id) || Matches(pattern, peer.Name)))
            return null;
        return $"may not have {entry.Path}: it is for the enclaves {string.Join(", ", patterns)}";
    }

    private static bool Matches(string pattern, string? name) => name is not null && EnclavePattern.Matches(pattern, name);

    private async Task SendAsync(EgressConnection connection, string path, SafeFileHandle file, CancellationToken cut)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(PartBytes);
        using var idle = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, cut);
        var sent = 0L;
        try
        {
            while (true)
            {
                var count = await RandomAccess.ReadAsync(file, buffer, sent, CancellationToken.None).ConfigureAwait(false);
                if (count == 0)
                    break;
                idle.CancelAfter(idleTimeout());
                await connection.Socket.WriteAsync(buffer.AsMemory(0, count), both.Token).ConfigureAwait(false);
                sent += count;
            }

            Count(connection, EgressResult.Ok);
            FilesLog.Sent(logger, connection.Peer, path, sent, connection.Listener);
        }
        catch (OperationCanceledException)
        {
            Incomplete(cut.IsCancellationRequested ? "the program ends" : $"it took none of the rest for {idleTimeout()}");
        }
        catch (SocketException ex)
        {
            Incomplete($"{Errno.FromSocketError(ex.SocketErrorCode).Name}, the connection is over");
        }
        catch (IOException ex)
        {
            Incomplete(ex.Message);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        void Incomplete(string failure)
        {
            Count(connection, EgressResult.Unreachable);
            FilesLog.Incomplete(logger, connection.Peer, connection.Socket.BytesTaken, path, connection.Listener, failure);
        }
    }

    private void Count(EgressConnection connection, EgressResult result) =>
        counts.Count(connection.Listener, EgressCounts.NoRule, result);
}
