using System.Text.Json;
using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>A place in a JSON document (RFC 6901): <c>/a/b/0</c>, with <c>~1</c> for a slash and <c>~0</c> for a tilde in a name.</summary>
internal sealed class JsonPointer
{
    private readonly string _text;
    private readonly string[] _steps;

    private JsonPointer(string text, string[] steps)
    {
        _text = text;
        _steps = steps;
    }

    /// <summary>Reads a pointer. The one to the whole document, which is empty, is none here: a value within one is meant.</summary>
    public static Parsed<JsonPointer> Parse(string text)
    {
        if (!text.StartsWith('/'))
            return new Mistake($"{Quoted.Text(text)} is no JSON pointer: it begins with '/', like /attestation or /data/0/document");
        for (var tilde = text.IndexOf('~', StringComparison.Ordinal); tilde >= 0; tilde = text.IndexOf('~', tilde + 1))
        {
            if (tilde + 1 == text.Length || text[tilde + 1] is not ('0' or '1'))
                return new Mistake($"{Quoted.Text(text)} is no JSON pointer: a '~' is written ~0, and ~1 is a '/' in a name");
        }

        return new JsonPointer(text, [.. text[1..].Split('/').Select(Unescape)]);
    }

    /// <summary>What is at this place.</summary>
    /// <returns>The value; null where there is none.</returns>
    public JsonElement? Find(JsonElement document)
    {
        var found = document;
        foreach (var step in _steps)
        {
            if (found.ValueKind == JsonValueKind.Object && found.TryGetProperty(step, out var member))
                found = member;
            else if (found.ValueKind == JsonValueKind.Array && IndexOf(step) is { } index && index < found.GetArrayLength())
                found = found[index];
            else
                return null;
        }

        return found;
    }

    /// <inheritdoc/>
    public override string ToString() => _text;

    // In this order: ~01 is a tilde and a one.
    private static string Unescape(string step) =>
        step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);

    private static int? IndexOf(string step) =>
        step is "0" || (step is not ['0', ..] && step.Length is > 0 and < 10 && step.All(char.IsAsciiDigit))
            ? int.Parse(step, System.Globalization.CultureInfo.InvariantCulture)
            : null;
}
