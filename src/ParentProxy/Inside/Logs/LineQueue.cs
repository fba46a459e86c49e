namespace ParentProxy.Inside.Logs;

/// <summary>
/// Lines that wait to be written by somebody who may be slow: bytes in a bounded number of blocks. Whoever adds never waits.
/// </summary>
/// <remarks>
/// What does not fit is left out, not what waits already: the beginning of a trouble says more than its thousandth repetition, and there
/// is one gap, at a known place, where a line says how many were lost. After that nothing is taken until a quarter is free again, so that
/// a program that writes faster than can be sent for long makes a few large gaps and not one for each line.
/// </remarks>
/// <param name="maxBytes">The most memory that lines may take.</param>
/// <param name="gap">The line that tells of so many lost ones, with its LF.</param>
internal sealed class LineQueue(int maxBytes, Func<long, byte[]> gap) : ILineTarget
{
    /// <summary>What is kept free for the program's own lines: the exit code of the application is the one line not to lose.</summary>
    public const int OwnBytes = 64 * 1024;

    private const byte LF = (byte)'\n';
    private const int LargestBlock = 64 * 1024;

    /// <summary>What is kept of empty blocks when nothing waits; while lines come faster than they go, all are used again.</summary>
    private const int SpareBytes = 1024 * 1024;

    private readonly int _blockBytes = Math.Clamp(maxBytes / 8, 4096, LargestBlock);
    private readonly Lock _gate = new();
    private readonly Queue<Block> _blocks = [];
    private readonly Stack<byte[]> _spare = [];
    private Block? _last;
    private long _allocated;
    private long _waiting;
    private long _lostSince;
    private long _lost;
    private long _taken;
    private bool _isFull;
    private bool _isClosed;
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _waiter;

    /// <summary>Bytes of lines that wait.</summary>
    public long Waiting => Interlocked.Read(ref _waiting);

    /// <summary>Lines that found no room, or that nobody took out in the end.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <summary>Lines that were taken out.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Whether whoever takes out may end when nothing waits.</summary>
    public bool IsComplete => Completion.IsCompleted;

    /// <summary>Completes when whoever takes out may end when nothing waits.</summary>
    public Task Completion => _completion.Task;

    /// <inheritdoc/>
    public void Add(ReadOnlySpan<byte> lines, int count) => Add(lines, count, maxBytes);

    /// <summary>Adds a line of the program itself, for which there is room when there is none for others.</summary>
    public void AddOwn(ReadOnlySpan<byte> line) => Add(line, 1, (long)maxBytes + OwnBytes);

    /// <summary>Nothing that matters will be added.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            _completion.TrySetResult();
            Wake();
        }
    }

    /// <summary>What waits at the front; valid until <see cref="Advance"/>.</summary>
    /// <returns>False when nothing waits.</returns>
    public bool TryPeek(out ReadOnlyMemory<byte> lines)
    {
        lock (_gate)
        {
            if (_waiting == 0 && _lostSince > 0)
                TellGap();
            if (_waiting == 0)
            {
                lines = default;
                return false;
            }

            var block = _blocks.Peek();
            lines = block.Bytes.AsMemory(block.Start, block.End - block.Start);
            return true;
        }
    }

    /// <summary>Takes out what was written of <see cref="TryPeek"/>.</summary>
    public void Advance(int count)
    {
        lock (_gate)
        {
            var block = _blocks.Peek();
            Interlocked.Add(ref _taken, block.Bytes.AsSpan(block.Start, count).Count(LF));
            block.Start += count;
            Interlocked.Add(ref _waiting, -count);
            if (block.Start < block.End)
                return;
            _blocks.Dequeue();
            _allocated -= block.Bytes.Length;
            if (block == _last)
                _last = null;
            if (block.Bytes.Length == _blockBytes && _allocated + _spare.Count * _blockBytes < maxBytes)
                _spare.Push(block.Bytes);
            while (_waiting == 0 && _spare.Count * _blockBytes > SpareBytes)
                _spare.Pop();
        }
    }

    /// <summary>Completes when something waits, or nothing more will. For one who takes out.</summary>
    public Task WaitAsync()
    {
        lock (_gate)
        {
            if (_waiting > 0 || _lostSince > 0 || IsComplete)
                return Task.CompletedTask;
            _waiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _waiter.Task;
        }
    }

    /// <summary>Gives up what waits, and what still comes.</summary>
    /// <returns>How many lines that are.</returns>
    public long Clear()
    {
        lock (_gate)
        {
            var lines = _blocks.Sum(block => (long)block.Bytes.AsSpan(block.Start, block.End - block.Start).Count(LF));
            _blocks.Clear();
            _isClosed = true;
            (_last, _allocated) = (null, 0);
            Interlocked.Exchange(ref _waiting, 0);
            Interlocked.Add(ref _lost, lines);
            return lines;
        }
    }

    private void Add(ReadOnlySpan<byte> lines, int count, long bound)
    {
        lock (_gate)
        {
            if (_isFull && !_isClosed && _allocated <= maxBytes - maxBytes / 4)
            {
                _isFull = false;
                TellGap();
            }

            var isOwn = bound > maxBytes;
            if (_isClosed || (_isFull && !isOwn) || !TryAppend(lines, bound))
            {
                _isFull |= !isOwn;
                _lostSince += count;
                Interlocked.Add(ref _lost, count);
                return;
            }

            Wake();
        }
    }

    private void TellGap()
    {
        if (_lostSince == 0)
            return;
        var line = gap(_lostSince);
        _lostSince = 0;
        TryAppend(line, (long)maxBytes + OwnBytes);
    }

    private bool TryAppend(ReadOnlySpan<byte> lines, long bound)
    {
        if (_last is null || _last.Bytes.Length - _last.End < lines.Length)
        {
            var size = Math.Max(_blockBytes, lines.Length);
            if (_allocated + size > bound)
                return false;
            var bytes = size == _blockBytes && _spare.TryPop(out var spare) ? spare : GC.AllocateUninitializedArray<byte>(size);
            _last = new Block(bytes);
            _blocks.Enqueue(_last);
            _allocated += size;
        }

        lines.CopyTo(_last.Bytes.AsSpan(_last.End));
        _last.End += lines.Length;
        Interlocked.Add(ref _waiting, lines.Length);
        return true;
    }

    private void Wake()
    {
        _waiter?.TrySetResult();
        _waiter = null;
    }

    /// <summary>Lines, one after the other.</summary>
    private sealed class Block(byte[] bytes)
    {
        public byte[] Bytes => bytes;

        /// <summary>The first byte that was not taken out.</summary>
        public int Start { get; set; }

        public int End { get; set; }
    }
}
