namespace ParentProxy.Attestation.Tests.Vectors;

/// <summary>
/// Documents that AWS signed, public fakes, mutations of both, and documents of a throw-away PKI: each with its expected verdict.
/// </summary>
public sealed class VectorTests(ITestOutputHelper output)
{
    /// <summary>What the vectors leave to the verifier, or name otherwise, and why it is as it is here.</summary>
    private static readonly Dictionary<string, (string Reason, string Why)> Choices = new()
    {
        ["102-blocky-selfsigned.cbor"] = ("cose-structure", "its unprotected header is null; the root is not even looked at"),
        ["220-derived-protected-extra-param.cbor"] = ("protected-header", "the header is looked at before the signature that it breaks"),
        ["322-synth-leaf-not-before-plus-2s.cbor"] = ("none", "a clock may be 10 s behind (ClockSkew)"),
        ["337-synth-cabundle-64-certs.cbor"] = ("document-size", "with so many certificates it is larger than is looked at"),
        ["334-synth-cabundle-intermediates-shuffled.cbor"] = ("cabundle-order", "AWS says: in order, and every real document is"),
        ["368-synth-timestamp-30s-future.cbor"] = ("freshness", "30 s are more than ClockSkew, 10 s"),
        ["394-synth-nonce-hex-text-bytes.cbor"] = ("nonce", "the nonce is compared byte for byte"),
    };

    [Fact]
    public void Verify_AtItsTime_IsAsExpected()
    {
        var vectors = Present();
        var wrong = new List<string>();
        var verifier = new AttestationVerifier(TimeProvider.System);
        output.WriteLine($"{"vector",-55} {"expected",-22} {"verdict",-9} reason: message");
        foreach (var vector in vectors)
        {
            var result = verifier.VerifyAt(vector.Bytes(), vector.Policy(), vector.At);
            var reason = (result.Failure?.Reason ?? AttestationReason.None).Code();
            var expected = Expected(vector);
            output.WriteLine($"{vector,-55} {expected,-22} {result.Verdict,-9} {reason}: {result.Failure?.Message}");
            if (reason != expected)
                wrong.Add($"{vector}: {reason} instead of {expected} ({result.Failure?.Message})");
            if (expected == "none" && result.Verdict != (vector.Pcrs.Count > 0 ? AttestationVerdict.Verified : AttestationVerdict.Unpinned))
                wrong.Add($"{vector}: {result.Verdict}");
        }

        foreach (var (file, (reason, why)) in Choices)
            output.WriteLine($"chosen: {file}: {reason}, because {why}");
        Assert.Equal([], wrong);
    }

    [Fact]
    public void Verify_RealOnesNow_AreRejected()
    {
        var verifier = new AttestationVerifier(TimeProvider.System);
        foreach (var vector in Present().Where(vector => vector.IsReal))
            Assert.Equal(AttestationReason.Validity, verifier.Verify(vector.Bytes(), vector.Policy()).Failure?.Reason);
    }

    [Fact]
    public void Verify_SyntheticOnesByTheRootOfAws_AreRejected()
    {
        var verifier = new AttestationVerifier(TimeProvider.System);
        foreach (var vector in Present().Where(vector => vector.Root != "root.pem"))
            Assert.NotNull(verifier.VerifyAt(vector.Bytes(), new AttestationPolicy(), vector.At).Failure);
    }

    [Fact]
    public void Verify_OfAnotherImage_IsRejected()
    {
        var pins = PcrPins.Create([new(0, [new string('a', 96)])]);
        var verifier = new AttestationVerifier(TimeProvider.System);
        foreach (var vector in Present().Where(vector => vector.IsReal && Expected(vector) == "none"))
        {
            Assert.Equal(
                AttestationReason.PcrMismatch,
                verifier.VerifyAt(vector.Bytes(), vector.Policy() with { Pins = pins }, vector.At).Failure?.Reason);
        }
    }

    private static IReadOnlyList<Vector> Present()
    {
        if (Vector.Absent is { } why)
            Assert.Skip(why);
        var vectors = Vector.ReadAll();
        Assert.NotEmpty(vectors);
        return vectors;
    }

    private static string Expected(Vector vector)
    {
        if (Choices.TryGetValue(vector.File, out var choice))
            return choice.Reason;
        if (vector.IsReal)
            return vector.Expected.Contains("DEBUG", StringComparison.Ordinal) ? "debug-mode" : "none";
        return vector.Expected.StartsWith("ACCEPT", StringComparison.Ordinal) ? "none" : vector.Reason;
    }
}
