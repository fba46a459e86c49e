namespace ParentProxy.Fuzz.Attestation;

/// <summary>What of a document is signed, by a reader that is not the library's.</summary>
internal static class SignedPart
{
    /// <summary>The protected header and the payload; null for what is no document.</summary>
    public static (byte[] Header, byte[] Payload)? Of(byte[] bytes)
    {
        var node = CborNode.Parse(bytes);
        if (node is { Major: 6 })
            node = node.Items[0];
        return node is { Major: 4, Items: [{ Major: 2 } header, _, { Major: 2 } payload, _] } ? (header.Content, payload.Content) : null;
    }
}
