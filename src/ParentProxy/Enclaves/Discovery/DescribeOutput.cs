using System.Globalization;
using System.Text.Json;

namespace ParentProxy.Enclaves.Discovery;

/// <summary>
/// Reads the JSON of <c>describe-enclaves</c>. Its form has changed over the versions of nitro-cli: what is not needed is
/// ignored, what can be done without may be missing.
/// </summary>
internal static class DescribeOutput
{
    private const int MaxTextLength = 128;

    /// <summary>A machine runs four. What is read is held against each other, entry by entry.</summary>
    private const int MaxEnclaves = 256;

    private static readonly JsonDocumentOptions Lenient = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>Reads the output of a call.</summary>
    public static DescribeResult Read(ReadOnlyMemory<byte> output)
    {
        try
        {
            using var json = JsonDocument.Parse(output, Lenient);
            if (json.RootElement.ValueKind != JsonValueKind.Array)
                return Malformed($"it printed a JSON {Word(json.RootElement)} in the place of a list");
            var enclaves = new List<DescribedEnclave>();
            var skipped = new List<string>();
            foreach (var (position, entry) in json.RootElement.EnumerateArray().Index())
            {
                if (position == MaxEnclaves)
                {
                    skipped.Add($"what comes behind {MaxEnclaves} entries");
                    break;
                }

                if (ReadEntry(entry, out var reason) is { } enclave)
                    enclaves.Add(enclave);
                else
                    skipped.Add($"entry {position}: {reason}");
            }

            return new DescribeResult(enclaves, skipped, null);
        }
        catch (JsonException ex)
        {
            return Malformed(output.Length == 0
                ? "it printed nothing"
                : $"what it printed is no JSON (line {ex.LineNumber + 1}, byte {ex.BytePositionInLine})");
        }
    }

    private static DescribeResult Malformed(string reason) => DescribeResult.Failed(new DescribeFailure(
        "json", reason, "Is Discovery:NitroCli the real nitro-cli? Look at 'nitro-cli describe-enclaves'"));

    private static string Word(JsonElement element) => element.ValueKind.ToString().ToLowerInvariant();

    private static DescribedEnclave? ReadEntry(JsonElement entry, out string? reason)
    {
        reason = null;
        if (entry.ValueKind != JsonValueKind.Object)
            reason = $"is a JSON {Word(entry)}, not an object";
        else if (Text(entry, "EnclaveID") is not { Length: > 0 } id)
            reason = "has no EnclaveID";
        else if (Number(entry, "EnclaveCID") is not (>= 0 and <= uint.MaxValue and var cid))
            reason = $"{id} has no EnclaveCID of 32 bit";
        else
        {
            return new DescribedEnclave(Text(entry, "EnclaveName") is { Length: > 0 } name ? name : id, id, (uint)cid)
            {
                State = Text(entry, "State"),
                IsDebug = Text(entry, "Flags")?.Contains("DEBUG_MODE", StringComparison.OrdinalIgnoreCase) ?? false,
                Cpus = Number(entry, "NumberOfCPUs"),
                MemoryMiB = Number(entry, "MemoryMiB"),
                Measurements = Measurements(entry),
            };
        }

        return null;
    }

    private static Dictionary<string, string> Measurements(JsonElement entry)
    {
        var measurements = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (Find(entry, "Measurements") is { ValueKind: JsonValueKind.Object } found)
        {
            foreach (var property in found.EnumerateObject())
            {
                if (property.Value.ValueKind == JsonValueKind.String && property.Name.StartsWith("PCR", StringComparison.OrdinalIgnoreCase))
                    measurements[property.Name] = Clean(property.Value.GetString()!);
            }
        }

        return measurements;
    }

    private static string? Text(JsonElement entry, string key) =>
        Find(entry, key) is { ValueKind: JsonValueKind.String } value ? Clean(value.GetString()!) : null;

    private static long? Number(JsonElement entry, string key) => Find(entry, key) switch
    {
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt64(out var number) => number,
        { ValueKind: JsonValueKind.String } value
            when long.TryParse(value.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        _ => null,
    };

    private static JsonElement? Find(JsonElement entry, string key)
    {
        foreach (var property in entry.EnumerateObject())
        {
            if (property.Name.Equals(key, StringComparison.OrdinalIgnoreCase))
                return property.Value;
        }

        return null;
    }

    // It goes into logs and labels.
    private static string Clean(string text) =>
        string.Create(Math.Min(text.Length, MaxTextLength), text, static (cleaned, text) =>
        {
            for (var i = 0; i < cleaned.Length; i++)
                cleaned[i] = char.IsControl(text[i]) ? '_' : text[i];
        });
}
