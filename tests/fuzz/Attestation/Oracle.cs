using System.Text;
using ParentProxy.Attestation;
using ParentProxy.Attestation.Tests.Support;

namespace ParentProxy.Fuzz.Attestation;

/// <summary>What an accepted document has to say, by a reader that is not the library's.</summary>
/// <param name="originals">Whose certificates are the genuine ones.</param>
internal sealed class Oracle(IReadOnlyList<Original> originals)
{
    private readonly List<(byte[] Header, byte[] Payload)> _signed = [.. originals.Select(original => original.Signed)];

    /// <summary>Whether it is what was signed in one of them.</summary>
    public bool IsOriginal((byte[] Header, byte[] Payload) signed) => _signed.Any(original =>
        original.Header.AsSpan().SequenceEqual(signed.Header) && original.Payload.AsSpan().SequenceEqual(signed.Payload));

    /// <summary>Why it should not have been accepted; null when it should.</summary>
    public string? Fault(byte[] payload, DocumentCase fuzzCase, AttestationResult result)
    {
        if (CborNode.Parse(payload) is not { Major: 5 } map)
            return "its payload is no map";
        var keys = Keys(map).Select(key => Encoding.UTF8.GetString(key.Content)).ToList();
        if (keys.Count != keys.Distinct().Count() || keys.Contains("nitrotpm_pcrs"))
            return "its keys are wrong";
        if (map.Find("digest") is not { Major: 3 } digest || !digest.Content.AsSpan().SequenceEqual("SHA384"u8))
            return "its digest is wrong";
        if (!originals.Any(original => CborNode.Parse(original.Signed.Payload) is { } other
            && Same(map, other, "certificate") && Same(map, other, "cabundle") && Same(map, other, "module_id")))
            return "its certificates are of no original, or of another enclave's";
        if (map.Find("timestamp") is not { Major: 0, Value: var timestamp } || !IsFresh(timestamp, fuzzCase))
            return "it is not fresh";
        if (fuzzCase.Policy.Nonce is { } nonce && (map.Find("nonce") is not { Major: 2 } said || !nonce.Span.SequenceEqual(said.Content)))
            return "the nonce is another";
        return ImageFault(map.Find("pcrs"), fuzzCase, result);
    }

    private static string? ImageFault(CborNode? pcrs, DocumentCase fuzzCase, AttestationResult result)
    {
        if (pcrs is not { Major: 5 } || Keys(pcrs).Select(key => key.Value).Distinct().Count() != pcrs.Items.Count / 2)
            return "its PCRs are wrong";
        var values = new Dictionary<ulong, byte[]>();
        for (var i = 0; i < pcrs.Items.Count; i += 2)
        {
            if (pcrs.Items[i] is not { Major: 0, Value: <= 31 } key || pcrs.Items[i + 1] is not { Major: 2, Content.Length: 48 } value)
                return "a PCR is wrong";
            values.Add(key.Value, value.Content);
        }

        if (!values.TryGetValue(0, out var image))
            return "PCR0 is missing";
        var isDebug = image.All(b => b == 0);
        if (isDebug && !fuzzCase.Policy.AllowDebug)
            return "it is in debug mode";
        if ((result.Verdict == AttestationVerdict.Verified) != (!isDebug && !fuzzCase.Policy.Pins.IsEmpty))
            return "that is another verdict";
        if (fuzzCase.Original.Key is null || isDebug)
            return null;
        var expected = TestDocument.Pcrs();
        var isOurs = fuzzCase.Policy.Pins.Indexes.All(i =>
            values.TryGetValue((ulong)i, out var value) && value.AsSpan().SequenceEqual(expected[i]));
        return isOurs ? null : "it is of another image";
    }

    private static IEnumerable<CborNode> Keys(CborNode map) => map.Items.Where((_, i) => i % 2 == 0);

    // The content: forms may differ.
    private static bool Same(CborNode one, CborNode other, string key) =>
        one.Find(key) is { } a && other.Find(key) is { } b && a.Major == b.Major && a.Content.AsSpan().SequenceEqual(b.Content)
        && a.Items.Count == b.Items.Count
        && a.Items.Zip(b.Items).All(pair => pair.First.Content.AsSpan().SequenceEqual(pair.Second.Content));

    private static bool IsFresh(ulong timestamp, DocumentCase fuzzCase)
    {
        var age = fuzzCase.Original.At.ToUnixTimeMilliseconds() - (Int128)timestamp;
        return age <= (Int128)fuzzCase.Policy.MaxAge.TotalMilliseconds && -age <= (Int128)fuzzCase.Policy.ClockSkew.TotalMilliseconds;
    }
}
