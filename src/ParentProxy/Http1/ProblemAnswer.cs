using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ParentProxy.Http1;

/// <summary>A whole answer of this program that says what went wrong, as RFC 9457 has it.</summary>
internal static class ProblemAnswer
{
    /// <summary>Head and body in one piece.</summary>
    /// <param name="status">The status code.</param>
    /// <param name="phrase">The reason phrase, in ASCII: many clients show their users that and nothing else.</param>
    /// <param name="detail">The <c>detail</c> of the body.</param>
    /// <param name="closes">Whether the connection ends with it.</param>
    public static byte[] Write(int status, string phrase, string detail, bool closes)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "about:blank"u8);
            json.WriteString("title"u8, phrase);
            json.WriteNumber("status"u8, status);
            json.WriteString("detail"u8, detail);
            json.WriteEndObject();
        }

        body.WriteByte((byte)'\n');
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {status} {phrase}\r\nContent-Type: application/problem+json\r\nContent-Length: {body.Length}\r\n"
                + $"Cache-Control: no-store\r\n{(closes ? "Connection: close\r\n" : "")}\r\n");
        return [.. Encoding.ASCII.GetBytes(head), .. body.ToArray()];
    }
}
