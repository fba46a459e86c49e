using System.Globalization;
using System.Security.Cryptography;
using ParentProxy.Attestation.Certificates;

namespace ParentProxy.Attestation;

/// <summary>
/// Verifies attestation documents of Nitro enclaves, as "Verifying the root of trust" in the AWS Nitro Enclaves user guide asks,
/// and more strictly. Safe to use from any thread; one instance remembers which chains of certificates hold, so that further
/// documents of an enclave cost a fifth.
/// </summary>
/// <param name="time">The clock by which documents are valid and fresh.</param>
public sealed class AttestationVerifier(TimeProvider time)
{
    private readonly ChainCache _chains = new();

    /// <summary>Verifies a document by what a policy asks, now.</summary>
    /// <param name="bytes">The document: COSE_Sign1, untagged or with tag 18.</param>
    /// <param name="policy">What it has to fulfil.</param>
    /// <returns>The verdict; with the first fault when the document is rejected. Bad bytes are never an exception.</returns>
    /// <remarks>The document in the result refers to the bytes: they are not to be written to any more.</remarks>
    public AttestationResult Verify(ReadOnlyMemory<byte> bytes, AttestationPolicy policy) => VerifyAt(bytes, policy, time.GetUtcNow());

    /// <summary>
    /// Verifies a document as of another time: for evidence that was kept. A document that comes now and is judged as of when it was
    /// made proves nothing about now.
    /// </summary>
    /// <param name="bytes">The document: COSE_Sign1, untagged or with tag 18.</param>
    /// <param name="policy">What it has to fulfil.</param>
    /// <param name="now">The time by which it is valid and fresh.</param>
    /// <returns>The verdict; with the first fault when the document is rejected. Bad bytes are never an exception.</returns>
    public AttestationResult VerifyAt(ReadOnlyMemory<byte> bytes, AttestationPolicy policy, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(policy);
        if (!AttestationDocument.TryRead(bytes, out var document, out var failure))
            return AttestationResult.Rejected(failure);
        try
        {
            CheckSignatures(bytes, document, policy, now);
            CheckFreshness(document, policy, now);
            var isPinned = CheckImage(document, policy);
            CheckNonce(document, policy);
            return AttestationResult.Genuine(document, isPinned);
        }
        catch (AttestationException ex)
        {
            return AttestationResult.Rejected(ex.Failure);
        }
    }

    private void CheckSignatures(ReadOnlyMemory<byte> bytes, AttestationDocument document, AttestationPolicy policy, DateTimeOffset now)
    {
        CheckRoot(document, policy.Root);
        var key = ChainCache.KeyOf(document);
        var chain = _chains.Find(key);
        if (chain is null)
        {
            using var certificates = CertificateChain.Read(document);
            certificates.Validity.Check(now, policy.ClockSkew);
            chain = certificates.Build(policy.Root, now);
            _chains.Add(key, chain);
        }

        chain.Validity.Check(now, policy.ClockSkew);
        if (!chain.IsOf(document.ModuleId))
        {
            throw new AttestationException(
                AttestationReason.ModuleId, $"module_id is {document.ModuleId}, and the certificate that signed is another's");
        }

        if (!chain.HasSigned(bytes.Span))
            throw new AttestationException(AttestationReason.CoseSignature, "the signature is not that of the certificate's key");
    }

    private static void CheckRoot(AttestationDocument document, TrustAnchor root)
    {
        if (!document.CaBundle[0].Span.SequenceEqual(root.Certificate.RawDataMemory.Span))
        {
            throw new AttestationException(
                AttestationReason.UntrustedRoot,
                $"the chain does not begin at {(root.IsCustom ? "the root that is configured" : "the root of AWS")}, {root.Fingerprint}");
        }
    }

    private static void CheckFreshness(AttestationDocument document, AttestationPolicy policy, DateTimeOffset now)
    {
        var age = now - document.Timestamp;
        if (age <= policy.MaxAge && -age <= policy.ClockSkew)
            return;
        var seconds = Math.Abs(age.TotalSeconds).ToString("0.###", CultureInfo.InvariantCulture);
        throw new AttestationException(
            AttestationReason.Freshness,
            age > TimeSpan.Zero
                ? $"the document was made {seconds} s ago, at {document.Timestamp.UtcDateTime:u}; {policy.MaxAge} is allowed"
                : $"the document is {seconds} s from the future, {document.Timestamp.UtcDateTime:u}: is the clock of this machine right?");
    }

    /// <returns>Whether it is of an image that was pinned.</returns>
    private static bool CheckImage(AttestationDocument document, AttestationPolicy policy)
    {
        var isDebug = document.IsDebug;
        if (isDebug && !policy.AllowDebug)
        {
            throw new AttestationException(
                AttestationReason.DebugMode,
                "the enclave runs in debug mode (PCR0 is zero): its console is open, and nothing tells which image it runs");
        }

        // In debug mode these are zero, whatever the image.
        if (policy.Pins.Mismatch(document, index => !isDebug || index is not (0 or 1 or 2 or 8)) is { } mismatch)
            throw new AttestationException(AttestationReason.PcrMismatch, mismatch);
        if (!document.Pcrs.ContainsKey(0))
            throw new AttestationException(AttestationReason.PcrCount, "there is no PCR0, which would tell debug mode");
        return !isDebug && !policy.Pins.IsEmpty;
    }

    private static void CheckNonce(AttestationDocument document, AttestationPolicy policy)
    {
        if (policy.Nonce is not { } expected)
            return;
        if (document.Nonce is not { } nonce || !CryptographicOperations.FixedTimeEquals(nonce.Span, expected.Span))
        {
            throw new AttestationException(
                AttestationReason.Nonce,
                document.Nonce is null
                    ? "the document has no nonce, and one was asked for"
                    : "the nonce is not the one that was asked for: this may be an answer to somebody else, or one from before");
        }
    }
}
