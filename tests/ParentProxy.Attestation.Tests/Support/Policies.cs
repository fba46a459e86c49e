namespace ParentProxy.Attestation.Tests.Support;

/// <summary>What the documents of tests fulfil.</summary>
public static class Policies
{
    /// <summary>The measurements of <see cref="TestDocument.Pcrs"/> that tell the image.</summary>
    public static PcrPins Pins { get; } = Pin(0, 1, 2);

    public static AttestationPolicy Pinned { get; } = Of(TestPki.Valid);

    public static AttestationPolicy Of(TestPki pki) => new() { Root = pki.Root, Pins = Pins, Nonce = TestDocument.Nonce };

    public static PcrPins Pin(params int[] indexes)
    {
        var pcrs = TestDocument.Pcrs();
        return PcrPins.Create(indexes.Select(i => KeyValuePair.Create<int, IReadOnlyList<string>>(i, [Convert.ToHexString(pcrs[i])])));
    }
}
