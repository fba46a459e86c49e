using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ParentProxy.Commands.Ping;

/// <summary>Attempts and statistics for scripts, one object a line. Its names do not change.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(PingShot))]
[JsonSerializable(typeof(PingSummary))]
internal sealed partial class PingJson : JsonSerializerContext
{
    /// <summary>On one line, with names in camel case.</summary>
    public static PingJson Line { get; } = new(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
