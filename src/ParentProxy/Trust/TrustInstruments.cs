using System.Diagnostics.Metrics;
using ParentProxy.Configuration;

namespace ParentProxy.Trust;

/// <summary>What attestation is set to do. All of it is read when it is asked for.</summary>
internal static class TrustInstruments
{
    /// <summary>Adds them to the meter of the proxy.</summary>
    public static void Add(Meter meter, ActiveConfiguration configuration) => meter.CreateObservableGauge(
        "parentproxy.attestation.info",
        () => Info(configuration.Options.Attestation),
        null,
        "How enclaves are asked for attestation documents, and which root vouches: aws, or custom for any other.");

    private static IEnumerable<Measurement<int>> Info(AttestationOptions options)
    {
        yield return new Measurement<int>(
            1,
            new KeyValuePair<string, object?>("mode", options.Mode.ToString().ToLowerInvariant()),
            new KeyValuePair<string, object?>("protocol", options.Protocol.ToString().ToLowerInvariant()),
            new KeyValuePair<string, object?>("trust", options.Policy.Root.IsCustom ? "custom" : "aws"));
    }
}
