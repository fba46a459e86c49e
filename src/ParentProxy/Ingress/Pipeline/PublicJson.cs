using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ParentProxy.Ingress.Pipeline;

/// <summary>How the responses of ours on the public listener are written as JSON.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(PublicHealth))]
[JsonSerializable(typeof(PublicProblem))]
internal sealed partial class PublicJson : JsonSerializerContext
{
    /// <summary>The bodies are never part of a page: an apostrophe may stay one.</summary>
    public static PublicJson Plain { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
