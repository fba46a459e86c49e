using System.Diagnostics.Metrics;
using ParentProxy.Enclaves;

namespace ParentProxy.Telemetry.Metrics;

/// <summary>The meter <c>ParentProxy</c> of one proxy, told apart from those of others in the process by its scope.</summary>
internal sealed class ProxyMeter : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string Name = "ParentProxy";

    /// <summary>A meter with what requests write to; what is read on demand is added when its sources are there.</summary>
    public ProxyMeter()
    {
        Meter = NewMeter();
        Enclaves = new EnclaveMeter(Meter);
    }

    /// <summary>The meter.</summary>
    public Meter Meter { get; }

    /// <summary>What is measured of enclaves.</summary>
    public EnclaveMeter Enclaves { get; }

    /// <summary>One more of the same name and scope, to be disposed of by whoever made it.</summary>
    public Meter NewMeter() => new(new MeterOptions(Name) { Scope = this });

    /// <inheritdoc/>
    public void Dispose() => Meter.Dispose();
}
