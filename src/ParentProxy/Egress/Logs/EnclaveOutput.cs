using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace ParentProxy.Egress.Logs;

/// <summary>
/// Writes the lines of enclaves to the log, from the thread pool. Its name is the category by which an operator sets their level. A sink
/// of <c>Serilog:WriteTo</c> may block; whoever hands a line over never waits for it.
/// </summary>
/// <param name="logger">The log.</param>
internal sealed class EnclaveOutput(ILogger<EnclaveOutput> logger) : IThreadPoolWorkItem
{
    /// <summary>Bytes that wait to be written, over which lines are lost.</summary>
    public const int MaxWaiting = 8 * 1024 * 1024;

    /// <summary>What a line takes beside its bytes.</summary>
    private const int Overhead = 128;

    private readonly ConcurrentQueue<Line> _lines = new();
    private int _waiting;
    private int _isWriting;

    /// <summary>Hands a line over.</summary>
    /// <returns>False when too much waits.</returns>
    public bool TryAdd(EgressPeer peer, EnclaveLines enclave, ReadOnlySpan<byte> line, bool isCut)
    {
        var size = line.Length + Overhead;
        if (Interlocked.Add(ref _waiting, size) > MaxWaiting)
        {
            Interlocked.Add(ref _waiting, -size);
            return false;
        }

        Add(new Line(peer, enclave, line.ToArray(), isCut, Written: null));
        return true;
    }

    /// <summary>Completes when everything is written that was handed over before.</summary>
    public Task FlushAsync()
    {
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Add(new Line(null!, null!, [], IsCut: false, written));
        return written.Task;
    }

    /// <inheritdoc/>
    public void Execute()
    {
        while (_lines.TryDequeue(out var line))
        {
            if (line.Written is not null)
            {
                line.Written.SetResult();
                continue;
            }

            Interlocked.Add(ref _waiting, -(line.Bytes.Length + Overhead));
            try
            {
                Write(line);
                line.Enclave.Counts.CountWritten();
            }
            catch (Exception)
            {
                // A sink that fails: an exception that leaves this thread would end the program.
                line.Enclave.Lose();
            }
        }

        Volatile.Write(ref _isWriting, 0);
        if (!_lines.IsEmpty)
            Start();
    }

    private void Add(Line line)
    {
        _lines.Enqueue(line);
        Start();
    }

    private void Start()
    {
        if (Interlocked.Exchange(ref _isWriting, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void Write(Line line)
    {
        var peer = line.Peer;
        var name = peer.Name ?? peer.Id;
        if (!line.IsCut && JsonLine.Read(line.Bytes) is { } json)
        {
            LogsLog.Fields(logger, json.Level, peer.ToString(), json.Fields, name, peer.Cid);
            return;
        }

        var text = LineText.Of(line.Bytes, line.IsCut);
        if (line.IsCut)
            text += string.Create(CultureInfo.InvariantCulture, $" [cut after {line.Bytes.Length} bytes]");
        LogsLog.Text(logger, LogLevel.Information, peer.ToString(), text, name, peer.Cid);
    }

    /// <summary>A line that waits.</summary>
    /// <param name="Peer">Who wrote it.</param>
    /// <param name="Enclave">Where it is counted.</param>
    /// <param name="Bytes">Without its end.</param>
    /// <param name="IsCut">Whether it is but the beginning.</param>
    /// <param name="Written">In the place of a line: told when its turn comes.</param>
    private readonly record struct Line(EgressPeer Peer, EnclaveLines Enclave, byte[] Bytes, bool IsCut, TaskCompletionSource? Written);
}
