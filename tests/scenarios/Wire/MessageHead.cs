using System.Globalization;

namespace ParentProxy.Scenarios.Wire;

/// <summary>The start line and the fields of a message.</summary>
internal sealed class MessageHead
{
    private readonly Dictionary<string, string> _fields = new(StringComparer.OrdinalIgnoreCase);

    private MessageHead(string startLine) => StartLine = startLine.Split(' ', 3);

    /// <summary>The three parts of the start line.</summary>
    public IReadOnlyList<string> StartLine { get; }

    /// <summary>A field's value, or null.</summary>
    public string? this[string field] => _fields.GetValueOrDefault(field);

    /// <summary>The length of the body as the head tells it; null when it does not.</summary>
    public int? ContentLength => this["Content-Length"] is { } length ? int.Parse(length, CultureInfo.InvariantCulture) : null;

    /// <summary>Whether the body comes in chunks.</summary>
    public bool IsChunked => Has("Transfer-Encoding", "chunked");

    /// <summary>Whether the connection ends with this message.</summary>
    public bool IsLast => Has("Connection", "close") || StartLine.Contains("HTTP/1.0");

    /// <summary>Reads a head without the empty line.</summary>
    public static MessageHead Parse(string text)
    {
        var lines = text.Split("\r\n");
        var head = new MessageHead(lines[0]);
        foreach (var line in lines.Skip(1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
                head._fields[line[..colon]] = line[(colon + 1)..].Trim();
        }

        return head;
    }

    private bool Has(string field, string value) => this[field]?.Contains(value, StringComparison.OrdinalIgnoreCase) ?? false;
}
