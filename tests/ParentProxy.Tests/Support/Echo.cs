using System.Text;
using System.Text.Json;

namespace ParentProxy.Tests.Support;

/// <summary>A request as a simulated enclave saw it.</summary>
internal sealed record Echo(
    string Method, string RawTarget, string Protocol, IReadOnlyDictionary<string, string[]> Headers, string Body, WireMessage Answer)
{
    public static Echo Parse(WireMessage answer)
    {
        using var json = JsonDocument.Parse(answer.Body);
        return Parse(json.RootElement, answer);
    }

    public static Echo Parse(string body)
    {
        using var json = JsonDocument.Parse(body);
        return Parse(json.RootElement, new WireMessage("", [], Encoding.UTF8.GetBytes(body)));
    }

    /// <summary>The value of a field that came once, or null when it did not come.</summary>
    public string? Field(string name) => Headers.TryGetValue(name, out var values) ? Assert.Single(values) : null;

    private static Echo Parse(JsonElement json, WireMessage answer) => new(
        json.GetProperty("method").GetString()!,
        json.GetProperty("rawTarget").GetString()!,
        json.GetProperty("protocol").GetString()!,
        json.GetProperty("headers").EnumerateObject().ToDictionary(
            p => p.Name,
            p => p.Value.EnumerateArray().Select(v => v.GetString()!).ToArray(),
            StringComparer.OrdinalIgnoreCase),
        json.GetProperty("body").GetString()!,
        answer);
}
