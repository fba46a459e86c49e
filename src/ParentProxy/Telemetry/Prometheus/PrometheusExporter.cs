using System.Runtime.ExceptionServices;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace ParentProxy.Telemetry.Prometheus;

/// <summary>What a meter provider has, whenever a scrape asks for it.</summary>
[ExportModes(ExportModes.Pull)]
internal sealed class PrometheusExporter : BaseExporter<Metric>, IPullMetricExporter
{
    private ExpositionWriter? _writer;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Set by the reader; runs a collection that ends in <see cref="Export"/>.</summary>
    public Func<int, bool>? Collect { get; set; }

    /// <summary>What the provider says of this program.</summary>
    public Resource Resource => ParentProvider.GetResource();

    /// <summary>Collects into a writer; one at a time.</summary>
    /// <exception cref="InvalidOperationException">The provider has ended, or could not collect.</exception>
    public void CollectInto(ExpositionWriter writer)
    {
        _writer = writer;
        _failure = null;
        try
        {
            var succeeded = Collect?.Invoke(Timeout.Infinite) ?? throw new InvalidOperationException("the meter provider has ended");
            _failure?.Throw();
            if (!succeeded)
                throw new InvalidOperationException("the meter provider could not collect");
        }
        finally
        {
            _writer = null;
        }
    }

    /// <inheritdoc/>
    public override ExportResult Export(in Batch<Metric> batch)
    {
        // At its end the provider exports once more, for nobody.
        if (_writer is not { } writer)
            return ExportResult.Success;
        try
        {
            // Points are valid in here only.
            foreach (var metric in batch)
                writer.Add(metric);
            return ExportResult.Success;
        }
        catch (Exception ex)
        {
            // The provider would keep the reason to itself.
            _failure = ExceptionDispatchInfo.Capture(ex);
            return ExportResult.Failure;
        }
    }
}
