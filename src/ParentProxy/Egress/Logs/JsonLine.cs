using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace ParentProxy.Egress.Logs;

/// <summary>A line that is one JSON object, as most logging libraries write them.</summary>
/// <param name="Fields">
/// Its fields, in objects and lists as they were nested; names and texts harmless. Of two with the same name the last.
/// </param>
/// <param name="Level">What its field for the level says; Information when there is none, or none that is known.</param>
internal sealed record JsonLine(Dictionary<string, object?> Fields, LogLevel Level)
{
    /// <summary>Values in a line, over which it is taken as text: a log store makes an index entry of each.</summary>
    private const int MaxValues = 256;

    // The log's own limit is ten levels, of which this leaves something.
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 8 };

    /// <summary>Reads a line; null when it is none of this kind, or too deep or wide, and so is text.</summary>
    public static JsonLine? Read(ReadOnlyMemory<byte> line)
    {
        var trimmed = line.Span.Trim(" \t"u8);
        if (!trimmed.StartsWith("{"u8) || !trimmed.EndsWith("}"u8))
            return null;
        try
        {
            using var document = JsonDocument.Parse(line, Options);
            var left = MaxValues;
            var fields = Object(document.RootElement, ref left);
            return left < 0 ? null : new JsonLine(fields, LevelOf(document.RootElement));
        }
        catch (Exception ex) when (ex is JsonException or InvalidOperationException)
        {
            // The second is for half a surrogate pair, and for bytes that are not UTF-8.
            return null;
        }
    }

    private static Dictionary<string, object?> Object(JsonElement element, ref int left)
    {
        var fields = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var property in element.EnumerateObject())
        {
            if (--left < 0)
                break;
            fields[LineText.Harmless(property.Name)] = Value(property.Value, ref left);
        }

        return fields;
    }

    private static List<object?> Array(JsonElement element, ref int left)
    {
        var items = new List<object?>();
        foreach (var item in element.EnumerateArray())
        {
            if (--left < 0)
                break;
            items.Add(Value(item, ref left));
        }

        return items;
    }

    private static object? Value(JsonElement element, ref int left) => element.ValueKind switch
    {
        JsonValueKind.Object => Object(element, ref left),
        JsonValueKind.Array => Array(element, ref left),
        JsonValueKind.String => LineText.Harmless(element.GetString()!),
        JsonValueKind.Number => Number(element),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    /// <summary>A number, or its digits where no number of ours holds it.</summary>
    private static object Number(JsonElement element)
    {
        if (element.TryGetInt64(out var whole))
            return whole;
        if (element.TryGetUInt64(out var large))
            return large;
        var digits = element.GetRawText();
        return digits.AsSpan().ContainsAny('.', 'e', 'E') && element.TryGetDouble(out var real) && double.IsFinite(real) ? real : digits;
    }

    private static LogLevel LevelOf(JsonElement line)
    {
        foreach (var property in line.EnumerateObject())
        {
            if (JsonLevel.IsName(property.Name) && JsonLevel.Read(property.Value) is { } level)
                return level;
        }

        return LogLevel.Information;
    }
}
