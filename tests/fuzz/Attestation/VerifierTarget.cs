using ParentProxy.Attestation;

namespace ParentProxy.Fuzz.Attestation;

/// <summary>The verifier: with a chain that it may have seen, and without; with a tag, and without.</summary>
/// <param name="oracle">Tells what may be accepted.</param>
internal sealed class VerifierTarget(Oracle oracle) : IFuzzTarget<DocumentCase>
{
    private readonly AttestationVerifier _seasoned = new(TimeProvider.System);

    /// <inheritdoc/>
    public string Name => "verifier of attestation documents";

    /// <inheritdoc/>
    public Outcome Run(DocumentCase fuzzCase)
    {
        var result = _seasoned.VerifyAt(fuzzCase.Input, fuzzCase.Policy, fuzzCase.Original.At);
        var isGenuine = result.Verdict != AttestationVerdict.Rejected;
        if (isGenuine != (result.Document is not null) || isGenuine != (result.Failure is null))
            throw new FindingException($"a verdict with the wrong parts: {result}");
        if (result.Failure is { } failure && (failure.Message.Length > 1000 || failure.Message.Any(c => c is < ' ' or > '~')))
            throw new FindingException($"a message that is no line of text: {failure.Message}");
        if (isGenuine)
            Judge(fuzzCase, result);

        if (isGenuine || fuzzCase.Number % 8 == 0)
            Compare("by another verifier", result, new AttestationVerifier(TimeProvider.System), fuzzCase, fuzzCase.Input);
        if (fuzzCase.Length < AttestationDocument.MaxBytes && fuzzCase.Length > 0 && fuzzCase.Input[0] >> 5 != 6)
            Compare("with a tag", result, _seasoned, fuzzCase, [0xD2, .. fuzzCase.Input]);

        var outcome = new Outcome();
        outcome.End(isGenuine ? Ending.Complete : Ending.Refused, result.Failure?.Reason.Code());
        return outcome;
    }

    private static void Compare(string how, AttestationResult expected, AttestationVerifier verifier, DocumentCase fuzzCase, byte[] bytes)
    {
        var other = verifier.VerifyAt(bytes, fuzzCase.Policy, fuzzCase.Original.At);
        if (other.Verdict != expected.Verdict || other.Failure?.Reason != expected.Failure?.Reason)
            throw new FindingException($"{how}: {other.Verdict} {other.Failure} instead of {expected.Verdict} {expected.Failure}");
    }

    private void Judge(DocumentCase fuzzCase, AttestationResult result)
    {
        var signed = SignedPart.Of(fuzzCase.Input) ?? throw new FindingException("accepted, and the reference reader cannot read it");
        if (!signed.Header.AsSpan().SequenceEqual((byte[])[0xA1, 0x01, 0x38, 0x22]))
            throw new FindingException("accepted with another protected header");
        if (!fuzzCase.IsSignedAgain && !oracle.IsOriginal(signed))
            throw new FindingException("accepted, and nobody has signed this");
        if (oracle.Fault(signed.Payload, fuzzCase, result) is { } fault)
            throw new FindingException($"accepted as {result.Verdict}, and {fault}");
    }
}
