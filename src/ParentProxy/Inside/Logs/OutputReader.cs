using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ParentProxy.Inside.Logs;

/// <summary>
/// Reads the pipes of the application on a thread of its own, as fast as they are filled: it waits for nothing else, and no event loop
/// waits for it.
/// </summary>
internal sealed unsafe partial class OutputReader : IDisposable
{
    private const int BufferBytes = 256 * 1024;
    private const int SetFlags = 4;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const short Readable = 1;
    private const int EINTR = 4;
    private const int EAGAIN = 11;

    /// <summary>A pipe holds a megabyte; what comes after that was not in it at the end of the application.</summary>
    private const int MostPerDrain = 1024 * 1024;

    private readonly Func<LineCutter> _newCutter;
    private readonly Lock _gate = new();
    private readonly List<Source> _added = [];
    private readonly List<TaskCompletionSource> _drains = [];
    private readonly SafeFileHandle _wake;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes, pinned: true);
    private bool _isStarted;
    private bool _isDisposed;

    /// <summary>Starts no thread yet.</summary>
    /// <param name="newCutter">Makes what cuts the lines of one pipe.</param>
    public OutputReader(Func<LineCutter> newCutter)
    {
        _newCutter = newCutter;
        _wake = new SafeFileHandle(eventfd(0, CloseOnExec | NonBlocking), ownsHandle: true);
    }

    /// <summary>Reads one more pipe until its end, and closes it then.</summary>
    public void Add(SafeFileHandle pipe)
    {
        _ = fcntl((int)pipe.DangerousGetHandle(), SetFlags, NonBlocking);
        lock (_gate)
        {
            if (_isDisposed)
            {
                pipe.Dispose();
                return;
            }

            _added.Add(new Source(pipe, _newCutter()));
            if (!_isStarted)
                new Thread(Run) { Name = "application output", IsBackground = true }.Start();
            _isStarted = true;
            Wake();
        }
    }

    /// <summary>Completes when all was read that is in the pipes now, and lines without an end were taken as they are.</summary>
    public Task DrainAsync()
    {
        var drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (!_isStarted || _isDisposed)
                return Task.CompletedTask;
            _drains.Add(drained);
            Wake();
        }

        return drained.Task;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            if (_isStarted)
                Wake();
            else
                _wake.Dispose();
        }
    }

    private void Run()
    {
        var sources = new List<Source>();
        while (TryTakeOrders(sources, out var drains))
        {
            foreach (var drain in drains)
            {
                sources.ForEach(Drain);
                drain.SetResult();
            }

            sources.RemoveAll(source => source.IsOver);
            Wait(sources);
            foreach (var source in sources)
            {
                if (source.IsReadable)
                    Read(source);
            }

            sources.RemoveAll(source => source.IsOver);
        }

        foreach (var source in sources)
            source.Close();
        _wake.Dispose();
    }

    private bool TryTakeOrders(List<Source> sources, out List<TaskCompletionSource> drains)
    {
        lock (_gate)
        {
            sources.AddRange(_added);
            drains = [.. _drains];
            _added.Clear();
            _drains.Clear();
            if (!_isDisposed)
                return true;
            drains.ForEach(drain => drain.SetResult());
            return false;
        }
    }

    private void Wait(List<Source> sources)
    {
        var polled = stackalloc PollEntry[sources.Count + 1];
        polled[0] = new PollEntry { Descriptor = (int)_wake.DangerousGetHandle(), Events = Readable };
        for (var i = 0; i < sources.Count; i++)
            polled[i + 1] = new PollEntry { Descriptor = sources[i].Descriptor, Events = Readable };
        var count = poll(polled, (nuint)(sources.Count + 1), -1);
        for (var i = 0; i < sources.Count; i++)
            sources[i].IsReadable = count > 0 && polled[i + 1].Returned != 0;
        if (count <= 0 || polled[0].Returned == 0)
            return;
        long value;
        _ = read(polled[0].Descriptor, &value, sizeof(long));
    }

    /// <summary>Reads once; returns how many bytes came.</summary>
    private int Read(Source source)
    {
        fixed (byte* buffer = _buffer)
        {
            var count = (int)read(source.Descriptor, buffer, BufferBytes);
            if (count > 0)
                source.Cutter.Add(_buffer.AsSpan(0, count));
            else if (count == 0 || Marshal.GetLastPInvokeError() is not (EAGAIN or EINTR))
                source.Close();
            return count;
        }
    }

    private void Drain(Source source)
    {
        for (var total = 0; !source.IsOver && total < MostPerDrain;)
        {
            var count = Read(source);
            if (count <= 0)
                break;
            total += count;
        }

        source.Cutter.End();
    }

    /// <summary>
    /// Within the lock, and not once disposed of: the thread closes the descriptor then, and its number may be another's.
    /// </summary>
    private void Wake()
    {
        long one = 1;
        _ = write((int)_wake.DangerousGetHandle(), &one, sizeof(long));
    }

    [LibraryImport("libc")]
    private static partial int eventfd(uint value, int flags);

    [LibraryImport("libc")]
    private static partial int fcntl(int descriptor, int command, nint argument);

    [LibraryImport("libc")]
    private static partial int poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int descriptor, void* buffer, nuint count);

    [LibraryImport("libc")]
    private static partial nint write(int descriptor, void* buffer, nuint count);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        /// <summary>What is waited for.</summary>
        public int Descriptor;

        public short Events;

        public short Returned;
    }

    /// <summary>A pipe and its lines.</summary>
    private sealed class Source(SafeFileHandle pipe, LineCutter cutter)
    {
        public int Descriptor => (int)pipe.DangerousGetHandle();

        public LineCutter Cutter => cutter;

        /// <summary>Whether there is something to read.</summary>
        public bool IsReadable { get; set; }

        /// <summary>Whether its end was read.</summary>
        public bool IsOver { get; private set; }

        /// <summary>What was read of it last is a line, and it is closed.</summary>
        public void Close()
        {
            cutter.End();
            pipe.Dispose();
            IsOver = true;
        }
    }
}
