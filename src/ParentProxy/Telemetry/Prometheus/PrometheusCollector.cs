namespace ParentProxy.Telemetry.Prometheus;

/// <summary>
/// One exposition of several meter providers. Scrapes that wait for the one under way share the next: a crowd of them costs
/// no more than two. None gets what was collected before it came: who has an answer in hand finds its request counted.
/// </summary>
internal sealed class PrometheusCollector(IReadOnlyList<PrometheusExporter> exporters, Action<string> onConflict) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private readonly Slot[] _slots = [.. Enum.GetValues<ExpositionFormat>().Select(format => new Slot(new ExpositionWriter(format)))];
    private long _begun;

    /// <summary>Collects, or shares what was collected meanwhile. The caller has to release it.</summary>
    /// <exception cref="InvalidOperationException">A provider has ended, or could not collect.</exception>
    public async Task<Exposition> CollectAsync(ExpositionFormat format, CancellationToken cancellationToken)
    {
        var begunBefore = Volatile.Read(ref _begun);
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var slot = _slots[(int)format];
            if (slot.Last is { } last && slot.Number > begunBefore)
                return last.Use();
            var number = Interlocked.Increment(ref _begun);
            slot.Replace(Collect(slot.Writer), number);
            return slot.Last!.Use();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private Exposition Collect(ExpositionWriter writer)
    {
        writer.Clear();
        foreach (var exporter in exporters)
            exporter.CollectInto(writer);
        return writer.Finish(exporters[0].Resource, onConflict);
    }

    private sealed class Slot(ExpositionWriter writer)
    {
        public ExpositionWriter Writer { get; } = writer;

        public Exposition? Last { get; private set; }

        /// <summary>The how manieth collection it was.</summary>
        public long Number { get; private set; }

        public void Replace(Exposition next, long number)
        {
            Last?.Release();
            (Last, Number) = (next, number);
        }
    }
}
