namespace ParentProxy.Telemetry.Prometheus;

/// <summary>
/// One exposition of several meter providers. Scrapes that come together share one collection, and one that comes right
/// after another gets the same: two Prometheus of a pair cost no more than one.
/// </summary>
internal sealed class PrometheusCollector(IReadOnlyList<PrometheusExporter> exporters, TimeProvider time, Action<string> onConflict) : IDisposable
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(300);

    private readonly SemaphoreSlim _gate = new(1);
    private readonly Dictionary<ExpositionFormat, Slot> _slots = [];

    /// <summary>Collects, or shares what was just collected. The caller has to release it.</summary>
    /// <exception cref="InvalidOperationException">A provider has ended, or could not collect.</exception>
    public async Task<Exposition> CollectAsync(ExpositionFormat format, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (!_slots.TryGetValue(format, out var slot))
                _slots[format] = slot = new Slot(new ExpositionWriter(format));
            if (slot.Last is { } last && time.GetElapsedTime(slot.At) < Fresh)
                return last.Use();
            slot.Replace(Collect(slot.Writer), time.GetTimestamp());
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

        public long At { get; private set; }

        public void Replace(Exposition next, long at)
        {
            Last?.Release();
            (Last, At) = (next, at);
        }
    }
}
