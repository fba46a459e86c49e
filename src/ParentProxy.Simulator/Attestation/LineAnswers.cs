using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace ParentProxy.Simulator.Attestation;

internal sealed record PongAnswer(string Message, long Timestamp, [property: JsonPropertyOrder(-1)] bool Success = true);

internal sealed record RunningAnswer(string Status, int Port, double Uptime, [property: JsonPropertyOrder(-1)] bool Success = true);

internal sealed record DocumentAnswer(
    string AttestationDocument,
    string? UserData,
    string? Nonce,
    bool HasPublicKey,
    int DocumentSize,
    long Timestamp,
    [property: JsonPropertyOrder(-1)] bool Success = true);

internal sealed record RefusedAnswer(
    string Error,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? AvailableCommands = null,
    [property: JsonPropertyOrder(-1)] bool Success = false);

/// <summary>The lines' JSON, generated at build time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(PongAnswer))]
[JsonSerializable(typeof(RunningAnswer))]
[JsonSerializable(typeof(DocumentAnswer))]
[JsonSerializable(typeof(RefusedAnswer))]
internal sealed partial class LineAnswersJson : JsonSerializerContext;

/// <summary>Writes answers of the one-line protocol.</summary>
internal static class LineAnswers
{
    /// <summary>Base64 and punctuation stay as they are; <see cref="ToLine"/> does the rest.</summary>
    public static LineAnswersJson Json { get; } = new(new JsonSerializerOptions
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    });

    /// <summary>The answer in ASCII, as Python writes it: what is not ASCII can only be in a string, and is escaped there.</summary>
    public static byte[] ToLine<T>(T answer, JsonTypeInfo<T> type)
    {
        var json = JsonSerializer.Serialize(answer, type);
        if (Ascii.IsValid(json))
            return Encoding.ASCII.GetBytes(json);
        var line = new StringBuilder(json.Length);
        foreach (var c in json)
            _ = char.IsAscii(c) ? line.Append(c) : line.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        return Encoding.ASCII.GetBytes(line.ToString());
    }
}
