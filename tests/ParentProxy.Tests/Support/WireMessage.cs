using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ParentProxy.Tests.Support;

/// <summary>An HTTP/1.1 message as it stood on the wire; bytes as Latin-1.</summary>
internal sealed record WireMessage(string StartLine, IReadOnlyList<(string Name, string Value)> Fields, byte[] Body)
{
    /// <summary>The fields after a chunked body.</summary>
    public IReadOnlyList<(string Name, string Value)> Trailers { get; init; } = [];

    /// <summary>The status of a response.</summary>
    public int Status => int.Parse(StartLine.Split(' ')[1], CultureInfo.InvariantCulture);

    public string Text => Encoding.Latin1.GetString(Body);

    public string[] All(string name) =>
        [.. Fields.Where(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(f => f.Value)];

    /// <summary>The value of a field that came once, or null when it did not come.</summary>
    public string? Field(string name) => All(name) is [] ? null : Assert.Single(All(name));

    public JsonElement Json()
    {
        using var json = JsonDocument.Parse(Body);
        return json.RootElement.Clone();
    }

    public override string ToString() => $"{StartLine}\n{string.Join('\n', Fields.Select(f => $"{f.Name}: {f.Value}"))}\n\n{Text}";
}
