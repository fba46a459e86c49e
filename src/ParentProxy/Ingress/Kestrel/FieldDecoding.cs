using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using ParentProxy.Runtime;

namespace ParentProxy.Ingress.Kestrel;

/// <summary>
/// How the field values of requests become text: as bytes, one character each (Latin-1). It is also the one place where
/// Kestrel lets us see a field line before it has made up its own mind.
/// </summary>
/// <remarks>
/// What a decoder puts in that the client did not send, a client must not be able to send: it would be taken for ours. And
/// Kestrel asks for no decoding where the bytes are those of the text that the request before had in this field, as it was
/// left there.
/// </remarks>
internal static class FieldDecoding
{
    private const string Authority = ":authority";

    private static readonly ContentLengthEncoding ContentLength = new();
    private static readonly ConnectionEncoding Connection = new();
    private static readonly HostEncoding Host = new();
    private static readonly XContentLengthEncoding XContentLength = new();

    /// <summary>The encoding of a field's value; asked for each line as it is parsed.</summary>
    /// <exception cref="BadHttpRequestException">The name is none (RFC 9110 §5.1), which Kestrel would let pass.</exception>
    public static Encoding EncodingOf(string name)
    {
        // Kestrel has the names that it knows in one spelling.
        if (ReferenceEquals(name, HeaderNames.Host))
            return Host;
        if (ReferenceEquals(name, HeaderNames.ContentLength))
            return ContentLength;
        if (ReferenceEquals(name, HeaderNames.Connection))
            return Connection;

        // Those with a colon are HTTP/2's own; in HTTP/1 a name ends there.
        if (name[0] == ':')
            return name == Authority ? Host : Encoding.Latin1;
        if (!Token.IsValid(name))
            throw new BadHttpRequestException("A field name is not valid.");
        return XContentLengthEncoding.Is(name) ? XContentLength : Encoding.Latin1;
    }
}
