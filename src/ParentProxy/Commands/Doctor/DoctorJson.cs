using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ParentProxy.Commands.Doctor;

/// <summary>The results for scripts. Its names do not change.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(DoctorView))]
internal sealed partial class DoctorJson : JsonSerializerContext
{
    /// <summary>Indented, with names and words in lower case.</summary>
    public static DoctorJson Indented { get; } = new(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter<CheckStatus>(JsonNamingPolicy.CamelCase) },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
