namespace ParentProxy.Ingress.Kestrel.Refusals;

/// <summary>What Kestrel says of a request that it refuses, without what the client wrote: that may be a secret, or a whole head.</summary>
internal static class KestrelMessage
{
    private const int MaxLength = 200;

    /// <summary>The sentence without its quotations, and without what stands before and behind it.</summary>
    public static string WithoutQuotes(string message)
    {
        // "HTTP/2 stream ID 1 error (PROTOCOL_ERROR): The client sent ...", "Invalid content length: ..."
        var text = message.AsSpan();
        if (text.StartsWith("HTTP/2 ", StringComparison.Ordinal) && text.IndexOf("): ", StringComparison.Ordinal) is >= 0 and var head)
            text = text[(head + 3)..];
        var quotation = text.IndexOf(": ", StringComparison.Ordinal);
        if (quotation >= 0)
            text = text[..quotation];
        var (first, last) = (text.IndexOf('\''), text.LastIndexOf('\''));
        var sentence = first < last ? $"{text[..(first + 1)]}...{text[last..]}" : text.ToString();
        sentence = sentence.TrimEnd('.');
        return sentence.Length > MaxLength ? sentence[..MaxLength] : sentence;
    }
}
