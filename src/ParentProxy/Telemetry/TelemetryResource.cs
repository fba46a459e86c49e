using OpenTelemetry.Resources;
using ParentProxy.Runtime;

namespace ParentProxy.Telemetry;

/// <summary>What metrics and spans are of: this run of this program.</summary>
internal static class TelemetryResource
{
    private static readonly string Instance = Guid.NewGuid().ToString();

    /// <summary>
    /// The attributes; <c>OTEL_RESOURCE_ATTRIBUTES</c> and <c>OTEL_SERVICE_NAME</c> come last, and so win, where they are read.
    /// </summary>
    public static ResourceBuilder Create(bool readsEnvironment = true)
    {
        var resource = ResourceBuilder.CreateEmpty().AddTelemetrySdk().AddService(
            "parent-proxy", serviceVersion: ProgramVersion.Text, autoGenerateServiceInstanceId: false, serviceInstanceId: Instance);
        return readsEnvironment ? resource.AddEnvironmentVariableDetector() : resource;
    }
}
