using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ParentProxy.Enclaves;
using ParentProxy.Endpoints;

namespace ParentProxy.Admin;

/// <summary>How the answers of the admin listener are written as JSON: for those who read it in a terminal.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(HealthView))]
[JsonSerializable(typeof(LiveView))]
[JsonSerializable(typeof(ReadyView))]
[JsonSerializable(typeof(EnclaveListView))]
[JsonSerializable(typeof(IEnumerable<MetricsTarget>))]
[JsonSerializable(typeof(EgressView))]
[JsonSerializable(typeof(ProblemView))]
internal sealed partial class AdminJson : JsonSerializerContext
{
    /// <summary>Indented, with names in camel case and as few escapes as possible.</summary>
    public static AdminJson Indented { get; } = new(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters =
        {
            new JsonStringEnumConverter<EnclaveState>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<EnclaveTransport>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<TrustVerdict>(JsonNamingPolicy.CamelCase),
        },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
