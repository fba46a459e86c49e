using System.Text;
using ParentProxy.Attestation;
using ParentProxy.Configuration;
using ParentProxy.Configuration.Reading;
using ParentProxy.Trust.Clients;

namespace ParentProxy.Commands.Attest;

/// <summary>A document in a file: raw, as base64, or in the JSON of a server.</summary>
internal static class DocumentFile
{
    private const string Raw = ".cbor";

    /// <summary>Where servers put it: those of JSON lines, and Midnight's.</summary>
    private static readonly string[] Usual = ["/attestation_document", AttestationOptions.DefaultPointer];

    /// <summary>Reads a document in any of its forms.</summary>
    /// <param name="path">The file.</param>
    /// <param name="pointer">Where in its JSON the document is; null for where servers put it.</param>
    public static Parsed<byte[]> Read(string path, JsonPointer? pointer)
    {
        var (bytes, reason) = SmallFile.Read(path, AttestationPeer.MaxAnswerBytes);
        if (reason is not null)
            return new Mistake(reason);
        if (bytes.AsSpan().TrimStart(" \t\r\n"u8) is [(byte)'{', ..])
            return ReadJson(path, bytes, pointer);
        if (pointer is not null)
            return new Mistake($"{Quoted.Text(path)} holds no JSON object in which --pointer could point");

        // No document in CBOR begins with such a character.
        return bytes is [>= (byte)'+' and <= (byte)'z' or (byte)'\n' or (byte)'\r', ..]
            ? Decode(path, Encoding.Latin1.GetString(bytes))
            : bytes;
    }

    /// <summary>Keeps a document for its owner alone.</summary>
    /// <returns>Why it could not be written; null when it was.</returns>
    public static Task<string?> SaveAsync(string path, byte[] document) => KeptFile.WriteAsync(
        path,
        path.EndsWith(Raw, StringComparison.OrdinalIgnoreCase)
            ? document
            : Encoding.ASCII.GetBytes(Convert.ToBase64String(document) + "\n"),
        UnixFileMode.UserRead | UnixFileMode.UserWrite);

    private static Parsed<byte[]> ReadJson(string path, byte[] bytes, JsonPointer? pointer)
    {
        using var json = JsonAnswer.Read(bytes, out var mistake);
        if (json is null)
            return new Mistake($"{Quoted.Text(path)} holds {mistake}");
        var places = pointer is null ? Usual : [pointer.ToString()];
        foreach (var place in places)
        {
            if (JsonAnswer.Text(json.RootElement, JsonPointer.Parse(place).Value) is { } text)
                return Decode(path, text);
        }

        return new Mistake($"{Quoted.Text(path)} holds JSON without text at {string.Join(" or ", places)}; --pointer says where it is");
    }

    private static Parsed<byte[]> Decode(string path, string text) =>
        AttestationDocument.TryDecode(text, out var document, out var failure)
            ? document
            : new Mistake($"{Quoted.Text(path)}: {failure.Message}");
}
