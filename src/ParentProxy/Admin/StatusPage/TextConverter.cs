using System.Text.Json;
using System.Text.Json.Serialization;

namespace ParentProxy.Admin.StatusPage;

/// <summary>Writes values of a type as the text that stands in a configuration file; reads nothing.</summary>
internal sealed class TextConverter<T>(Func<T, string?> text) : JsonConverter<T>
{
    /// <inheritdoc/>
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(text(value));
}
