using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ParentProxy.Commands.Listing;

/// <summary>Enclaves for scripts while no proxy runs. Its names do not change.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(StoppedView))]
internal sealed partial class ListingJson : JsonSerializerContext
{
    /// <summary>Indented, with names in camel case.</summary>
    public static ListingJson Indented { get; } = new(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
