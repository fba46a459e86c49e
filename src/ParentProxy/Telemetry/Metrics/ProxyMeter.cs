using System.Diagnostics.Metrics;

namespace ParentProxy.Telemetry.Metrics;

/// <summary>The meter <c>ParentProxy</c> of one proxy, told apart from those of others in the process by its scope.</summary>
internal sealed class ProxyMeter : IDisposable
{
    /// <summary>The meter's name, which dashboards and alerts rely on.</summary>
    public const string Name = "ParentProxy";

    /// <summary>A meter without instruments: each capability adds its own.</summary>
    public ProxyMeter() => Meter = NewMeter();

    /// <summary>The one that most instruments belong to; it ends with this.</summary>
    public Meter Meter { get; }

    /// <summary>One more of the same name and scope, to be disposed of by whoever made it.</summary>
    public Meter NewMeter() => new(new MeterOptions(Name) { Scope = this });

    /// <inheritdoc/>
    public void Dispose() => Meter.Dispose();
}
