using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ParentProxy.Commands.Check;

/// <summary>Configurations that were judged, for scripts. Its names do not change.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(CheckView))]
internal sealed partial class CheckJson : JsonSerializerContext
{
    /// <summary>Indented, with names in camel case.</summary>
    public static CheckJson Indented { get; } = new(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
