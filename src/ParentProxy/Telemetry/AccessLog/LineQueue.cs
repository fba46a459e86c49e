using System.Buffers;

namespace ParentProxy.Telemetry.AccessLog;

/// <summary>
/// Takes lines from many threads without making any of them wait, and writes them from one of its own, many at a time.
/// When they come faster than they are taken away, they are dropped and counted.
/// </summary>
/// <remarks>
/// Serilog.Sinks.Async would be the same, but it takes an event, wakes its thread and writes once for each line: ten times the
/// cost. It counts events instead of bytes, which lets hostile lines take hundreds of megabytes, and at the end it waits without limit.
/// </remarks>
internal sealed class LineQueue : IAsyncDisposable
{
    /// <summary>Bytes that wait at most: about a second of 10,000 requests.</summary>
    private const int MaxWaiting = 8 * 1024 * 1024;

    /// <summary>Bytes that one call writes at most.</summary>
    private const int MaxPiece = 256 * 1024;

    /// <summary>What a queue that was full once does not keep for ever.</summary>
    private const int MaxKept = 1024 * 1024;

    /// <summary>
    /// How long lines are collected. To wake a thread and to call the kernel for each would cost more than all else here.
    /// </summary>
    private static readonly TimeSpan Collect = TimeSpan.FromMilliseconds(100);

    /// <summary>How long the end waits for the last lines to be written.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(3);

    private readonly object _gate = new();
    private readonly ILineTarget _target;
    private readonly Action<int, string> _onDropped;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ArrayBufferWriter<byte> _waiting = new();
    private ArrayBufferWriter<byte> _spare = new();
    private bool _isClosing;
    private long _written;
    private long _dropped;

    /// <summary>An empty queue, and the thread that writes what comes into it.</summary>
    /// <param name="target">Where lines go. Belongs to the writing thread, which disposes it at its end, however late that is.</param>
    /// <param name="onDropped">Told how many lines were dropped just now, and why. Called on any thread; must not wait.</param>
    public LineQueue(ILineTarget target, Action<int, string> onDropped)
    {
        (_target, _onDropped) = (target, onDropped);

        // A thread of its own, because a disk or a reader may block it indefinitely. It is started now, so that no request waits
        // for it or leaks its context into it, and while a thread can still be created.
        new Thread(Run) { IsBackground = true, Name = "access log" }.UnsafeStart();
    }

    /// <summary>Lines that were written.</summary>
    public long Written => Interlocked.Read(ref _written);

    /// <summary>Lines that were lost.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Takes one line, its end included.</summary>
    public void Add(ReadOnlySpan<byte> line)
    {
        bool isClosing;
        lock (_gate)
        {
            isClosing = _isClosing;
            if (!isClosing && _waiting.WrittenCount + line.Length <= MaxWaiting)
            {
                var wasEmpty = _waiting.WrittenCount == 0;
                var wasEnough = IsEnough;
                _waiting.Write(line);
                if (wasEmpty || (IsEnough && !wasEnough))
                    Monitor.Pulse(_gate);
                return;
            }
        }

        Drop(1, isClosing ? "the program ends" : $"{MaxWaiting / 1024 / 1024} MiB of them wait already, they are not taken fast enough");
    }

    /// <summary>Writes what waits, as long as that takes no longer than a moment.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _isClosing = true;
            Monitor.Pulse(_gate);
        }

        try
        {
            await _ended.Task.WaitAsync(LastWords);
        }
        catch (TimeoutException)
        {
            // Whoever takes the lines has stopped to: no reason never to end.
        }
    }

    private bool IsEnough => _waiting.WrittenCount >= MaxPiece;

    private void Run()
    {
        while (Next() is { } batch)
        {
            Write(batch.WrittenSpan);
            batch.ResetWrittenCount();
            lock (_gate)
                _spare = batch.Capacity > MaxKept ? new() : batch;
        }

        try
        {
            _target.Dispose();
        }
        catch (Exception)
        {
            // It was closing what is not needed any more: no line is lost by it, and nothing may leave this thread.
        }

        _ended.TrySetResult();
    }

    /// <summary>Waits for lines; null at the end.</summary>
    private ArrayBufferWriter<byte>? Next()
    {
        lock (_gate)
        {
            while (_waiting.WrittenCount == 0 && !_isClosing)
                Monitor.Wait(_gate);
            if (!IsEnough && !_isClosing)
                Monitor.Wait(_gate, Collect);
            if (_waiting.WrittenCount == 0)
                return null;
            (var batch, _waiting) = (_waiting, _spare);
            return batch;
        }
    }

    private void Write(ReadOnlySpan<byte> lines)
    {
        while (!lines.IsEmpty)
        {
            var piece = Piece(lines);
            lines = lines[piece.Length..];
            var count = piece.Count((byte)'\n');
            try
            {
                _target.Write(piece);
                Interlocked.Add(ref _written, count);
            }
            catch (Exception ex)
            {
                // Whatever it is: an exception that leaves this thread would end the program.
                Drop(count, ex.Message);
            }
        }
    }

    private static ReadOnlySpan<byte> Piece(ReadOnlySpan<byte> lines)
    {
        if (lines.Length <= MaxPiece)
            return lines;
        var end = lines[..MaxPiece].LastIndexOf((byte)'\n');
        if (end < 0)
            end = lines.IndexOf((byte)'\n');
        return lines[..(end + 1)];
    }

    private void Drop(int lines, string why)
    {
        // Who sees the count finds that it was told.
        _onDropped(lines, why);
        Interlocked.Add(ref _dropped, lines);
    }
}
