using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using ParentProxy.Sockets;

namespace ParentProxy.Ingress.Kestrel;

/// <summary>
/// What goes to a client: a flush is a send and ends when the kernel has taken everything. The transport has a pipe and a
/// loop of its own between the two, behind which nobody knows when the last byte has gone: a direction that is ended alone
/// would lose it.
/// </summary>
/// <remarks>One write or flush at a time, as Kestrel does it. Holds memory only between a write and its flush.</remarks>
internal sealed class ClientOutput(LoopSocket socket, StatusPatch patch, Action<Exception> onBroken) : PipeWriter
{
    /// <summary>A piece of a body with what frames it, and most heads.</summary>
    private const int BlockBytes = 32 * 1024;

    private readonly List<ArraySegment<byte>> _full = [];
    private byte[]? _block;
    private int _used;
    private Task? _sending;
    private bool _isBroken;

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => true;

    /// <inheritdoc/>
    public override long UnflushedBytes
    {
        get
        {
            long sum = _used;
            foreach (var block in _full)
                sum += block.Count;
            return sum;
        }
    }

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        var wanted = Math.Max(sizeHint, 1);
        if (_block is not null && _block.Length - _used < wanted)
            _full.Add(TakeBlock());
        _block ??= ArrayPool<byte>.Shared.Rent(Math.Max(wanted, BlockBytes));
        return _block.AsMemory(_used);
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, (_block?.Length ?? 0) - _used);
        patch.Apply(_block.AsSpan(_used, bytes));
        _used += bytes;
    }

    /// <inheritdoc/>
    /// <returns>Completed when the client is gone; what is written then goes nowhere.</returns>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_sending is { IsCompleted: false } || _full.Count > 0)
            return FlushSlowlyAsync(cancellationToken);
        if (_used == 0 || _isBroken)
            return Flushed();

        // Without the token: a send that is given up halfway would leave half a message. Only the wait ends with it.
        var block = TakeBlock();
        var sending = socket.SendAsync(block, more: false);
        if (sending.IsCompletedSuccessfully)
        {
            sending.GetAwaiter().GetResult();
            ArrayPool<byte>.Shared.Return(block.Array!);
            return Flushed();
        }

        _sending = SendAsync(sending, block);
        return AwaitAsync(cancellationToken);
    }

    /// <summary>Nobody waits like that here; the next flush goes on as ever.</summary>
    public override void CancelPendingFlush()
    {
    }

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        if (exception is null && UnflushedBytes > 0)
            _ = FlushAsync().AsTask();
    }

    /// <summary>Waits until everything is sent, and gives back what will not be.</summary>
    public async ValueTask DrainAsync()
    {
        if (_sending is not null)
            await _sending;
        foreach (var block in _full)
            ArrayPool<byte>.Shared.Return(block.Array!);
        _full.Clear();
        if (_block is not null)
            ArrayPool<byte>.Shared.Return(TakeBlock().Array!);
    }

    private static bool IsBreak(Exception exception) =>
        exception is SocketException or ObjectDisposedException or OperationCanceledException;

    private ArraySegment<byte> TakeBlock()
    {
        var block = new ArraySegment<byte>(_block!, 0, _used);
        _block = null;
        _used = 0;
        return block;
    }

    private ValueTask<FlushResult> Flushed() => ValueTask.FromResult(new FlushResult(isCanceled: false, _isBroken));

    private void Break(Exception exception)
    {
        if (_isBroken)
            return;
        _isBroken = true;
        onBroken(exception);
    }

    private async ValueTask<FlushResult> FlushSlowlyAsync(CancellationToken cancellationToken)
    {
        // A flush whose wait was cancelled goes on sending.
        if (_sending is not null)
            await _sending.WaitAsync(cancellationToken);
        if (_used > 0)
            _full.Add(TakeBlock());
        if (_full.Count > 0)
            _sending = SendAllAsync([.. _full]);
        _full.Clear();
        return await AwaitAsync(cancellationToken);
    }

    private async ValueTask<FlushResult> AwaitAsync(CancellationToken cancellationToken)
    {
        if (_sending is not null)
            await _sending.WaitAsync(cancellationToken);
        return new FlushResult(isCanceled: false, _isBroken);
    }

    /// <summary>Waits for what is being sent and gives its block back. Never fails: a break goes to <see cref="Break"/>.</summary>
    private async Task SendAsync(ValueTask<int> sending, ArraySegment<byte> block)
    {
        try
        {
            await sending;
        }
        catch (Exception ex) when (IsBreak(ex))
        {
            Break(ex);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block.Array!);
        }
    }

    private async Task SendAllAsync(ArraySegment<byte>[] blocks)
    {
        try
        {
            for (var i = 0; i < blocks.Length && !_isBroken; i++)
                await socket.SendAsync(blocks[i], more: i < blocks.Length - 1);
        }
        catch (Exception ex) when (IsBreak(ex))
        {
            Break(ex);
        }
        finally
        {
            foreach (var block in blocks)
                ArrayPool<byte>.Shared.Return(block.Array!);
        }
    }
}
