using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using ParentProxy.Configuration;
using ParentProxy.Runtime;

namespace ParentProxy.Trust.Clients;

/// <summary>
/// Reads the JSON of an enclave's answer, of which nothing is believed: what can be read in two ways is refused, and its words are made
/// fit for a terminal.
/// </summary>
internal static class JsonAnswer
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Reads an answer that has to be one JSON object and nothing else.</summary>
    /// <param name="bytes">All of it.</param>
    /// <param name="mistake">What is wrong with it; goes on from "answered with".</param>
    /// <returns>The object; null when it is none.</returns>
    public static JsonDocument? Read(ReadOnlyMemory<byte> bytes, out string? mistake)
    {
        mistake = null;
        if (!Utf8.IsValid(bytes.Span))
        {
            mistake = "bytes that are not UTF-8";
            return null;
        }

        try
        {
            var json = JsonDocument.Parse(bytes, Strict);
            if (json.RootElement.ValueKind == JsonValueKind.Object)
                return json;
            mistake = $"a JSON {json.RootElement.ValueKind.ToString().ToLowerInvariant()}, not an object";
            json.Dispose();
            return null;
        }
        catch (Exception ex) when (ex is JsonException or InvalidOperationException)
        {
            // The latter for half a surrogate pair in a name.
            mistake = Mistake(bytes.Span);
            return null;
        }
    }

    /// <summary>The text of a member of an object, as it came; null when it is missing or no text.</summary>
    public static string? Text(JsonElement json, string name)
    {
        try
        {
            return json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, escaped.
            return null;
        }
    }

    /// <summary>The text at a place, as it came; null when it is missing or no text.</summary>
    public static string? Text(JsonElement json, JsonPointer pointer)
    {
        try
        {
            return pointer.Find(json) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>What the enclave says in a member of an object, fit to be shown; null when it says nothing there.</summary>
    public static string? Words(JsonElement json, string name) =>
        Text(json, name) is { } text && ForeignText.Shown(text) is { Length: > 0 } shown ? shown : null;

    private static string Mistake(ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes);
        try
        {
            reader.Read();
            reader.Skip();
        }
        catch (JsonException ex)
        {
            return string.Create(
                CultureInfo.InvariantCulture, $"what is not JSON (line {ex.LineNumber + 1}, byte {ex.BytePositionInLine})");
        }

        return bytes[(int)reader.BytesConsumed..].ContainsAnyExcept(" \t\r\n"u8)
            ? "a JSON value and something behind it"
            : "a JSON object that has a name twice, or one that is no text";
    }
}
