using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace ParentProxy.Ingress;

/// <summary>
/// Makes the platform's meters for the public listeners, told apart from those of others in the process by their scope, which is this.
/// It is there before the server's container, whose own would do much the same.
/// </summary>
internal sealed class IngressMeters : IMeterFactory
{
    private readonly ConcurrentDictionary<string, Meter> _meters = [];

    /// <inheritdoc/>
    public Meter Create(MeterOptions options) => _meters.GetOrAdd(
        options.Name,
        static (name, of) => new Meter(name, of.Options.Version, of.Options.Tags, of.Self),
        (Options: options, Self: this));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var meter in _meters.Values)
            meter.Dispose();
    }
}
