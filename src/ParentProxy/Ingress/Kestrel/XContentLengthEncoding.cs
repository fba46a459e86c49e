using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace ParentProxy.Ingress.Kestrel;

/// <summary>
/// Tells an application's own <c>X-Content-Length</c> from Kestrel's: when a request has a length beside chunks, Kestrel
/// moves the length there. What a client sent gets a mark in front, a character that is not in Latin-1, so that no byte
/// becomes it; <see cref="TryTakeMark(IHeaderDictionary)"/> takes it away.
/// </summary>
internal sealed class XContentLengthEncoding : Latin1Encoding
{
    /// <summary>The name under which Kestrel keeps a <c>Content-Length</c> that stood beside chunks.</summary>
    public const string Field = "X-Content-Length";

    private const char Mark = '\uE000';

    /// <summary>Whether a field is this one by its name.</summary>
    public static bool Is(string name) => name.Length == Field.Length && name.Equals(Field, StringComparison.OrdinalIgnoreCase);

    /// <summary>Takes the marks from a request's fields; false when the field is not the client's: a length stood beside chunks.</summary>
    public static bool TryTakeMark(IHeaderDictionary headers)
    {
        var values = headers[Field];
        if (values.Count == 0)
            return true;
        var own = new string[values.Count];
        for (var i = 0; i < own.Length; i++)
        {
            if (values[i] is not [Mark, ..] value)
                return false;
            own[i] = value[1..];
        }

        headers[Field] = new StringValues(own);
        return true;
    }

    /// <summary>A value of a trailer, where Kestrel puts nothing, without the mark.</summary>
    public static string TakeMark(string value) => value is [Mark, ..] ? value[1..] : value;

    /// <inheritdoc/>
    public override int GetCharCount(ReadOnlySpan<byte> bytes) => bytes.Length + 1;

    /// <inheritdoc/>
    public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
    {
        chars[0] = Mark;
        return Latin1.GetChars(bytes, chars[1..]) + 1;
    }

    /// <inheritdoc/>
    public override int GetMaxCharCount(int byteCount) => byteCount + 1;
}
