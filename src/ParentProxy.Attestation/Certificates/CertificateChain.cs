using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ParentProxy.Attestation.Reading;

namespace ParentProxy.Attestation.Certificates;

/// <summary>
/// The certificates of a document, the root first and the one that signed last, by section 3.2.3 of attestation_process.md. The
/// platform's chain builder takes more than may be: it is asked last, for what only it can tell.
/// </summary>
internal sealed class CertificateChain : IDisposable
{
    private readonly List<ChainCertificate> _certificates = [];

    private CertificateChain()
    {
    }

    private ChainCertificate Leaf => _certificates[^1];

    /// <summary>When they are valid.</summary>
    public Validity Validity => new([.. _certificates.Select(certificate => (certificate.Place, certificate.From, certificate.Until))]);

    /// <summary>Reads them, and checks all but signatures and time.</summary>
    /// <exception cref="AttestationException">One is not what it has to be.</exception>
    public static CertificateChain Read(AttestationDocument document)
    {
        var chain = new CertificateChain();
        try
        {
            for (var i = 0; i < document.CaBundle.Count; i++)
                chain._certificates.Add(ChainCertificate.Read(document.CaBundle[i], $"certificate {i} of cabundle"));
            chain._certificates.Add(ChainCertificate.Read(document.Certificate, "the certificate that signed"));
            chain.CheckIssuers();
            chain.CheckAuthorities();
            chain.CheckLeaf();
            return chain;
        }
        catch
        {
            chain.Dispose();
            throw;
        }
    }

    /// <summary>Checks the signatures, and what else the platform knows of certificates.</summary>
    /// <exception cref="AttestationException">It finds a fault.</exception>
    public TrustedChain Build(TrustAnchor root, DateTimeOffset now)
    {
        var begin = Validity.Begin;
        using var chain = new X509Chain
        {
            ChainPolicy =
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck, // "We do not use CRL, so it must be disabled", section 3.2.3
                DisableCertificateDownloads = true,
                VerificationTimeIgnored = false,

                // It knows no leeway: where the clock is a little behind, the latest of them has begun by then.
                VerificationTime = begin > now.UtcDateTime ? begin : now.UtcDateTime,
            },
        };
        chain.ChainPolicy.CustomTrustStore.Add(root.Certificate);
        foreach (var certificate in _certificates[1..^1])
            chain.ChainPolicy.ExtraStore.Add(certificate.Certificate);
        try
        {
            if (!chain.Build(Leaf.Certificate))
                throw Fault(chain.ChainStatus);

            // It looks for issuers on its own; those are meant that are in the document.
            var built = chain.ChainElements.Select(element => element.Certificate.RawDataMemory).Reverse().ToList();
            if (built.Count != _certificates.Count
                || !built.Zip(_certificates).All(pair => pair.First.Span.SequenceEqual(pair.Second.Certificate.RawDataMemory.Span)))
                throw new AttestationException(AttestationReason.CaBundleOrder, "the chain is another than the one in the document");
            return new TrustedChain(Validity, Leaf.CommonName, Leaf.OpenKey());
        }
        catch (CryptographicException)
        {
            // A key that is no point of its curve, for one: OpenSSL sees that only when it needs the key.
            throw new AttestationException(AttestationReason.CertificateParse, "a certificate in the chain has a part that cannot be read");
        }
        finally
        {
            foreach (var element in chain.ChainElements)
                element.Certificate.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (var certificate in _certificates)
            certificate.Dispose();
    }

    private static AttestationException Fault(X509ChainStatus[] statuses)
    {
        var all = statuses.Aggregate(X509ChainStatusFlags.NoError, (flags, status) => flags | status.Status);
        (X509ChainStatusFlags Flag, AttestationReason Reason)[] reasons =
        [
            (X509ChainStatusFlags.NotSignatureValid, AttestationReason.ChainSignature),
            (X509ChainStatusFlags.HasNotSupportedCriticalExtension, AttestationReason.CriticalExtension),
            (X509ChainStatusFlags.InvalidBasicConstraints, AttestationReason.BasicConstraints),
            (X509ChainStatusFlags.NotValidForUsage, AttestationReason.KeyUsage),
            (X509ChainStatusFlags.NotTimeValid, AttestationReason.Validity),
            (X509ChainStatusFlags.UntrustedRoot, AttestationReason.UntrustedRoot),
        ];
        var reason = reasons.FirstOrDefault(entry => all.HasFlag(entry.Flag)).Reason;
        return new AttestationException(
            reason == AttestationReason.None ? AttestationReason.ChainIncomplete : reason,
            $"the chain of certificates does not hold: {all}");
    }

    private void CheckIssuers()
    {
        for (var i = 1; i < _certificates.Count; i++)
        {
            var (certificate, above) = (_certificates[i], _certificates[i - 1]);
            if (certificate.Issuer.SequenceEqual(certificate.Subject))
            {
                throw new AttestationException(
                    AttestationReason.UntrustedRoot, $"{certificate.Place} was issued by itself, and is not the root that is trusted");
            }

            if (!certificate.Issuer.SequenceEqual(above.Subject))
                throw NotIssuedBy(certificate, above);
        }
    }

    private AttestationException NotIssuedBy(ChainCertificate certificate, ChainCertificate above)
    {
        var reason = AttestationReason.ChainIncomplete;
        foreach (var other in _certificates)
        {
            if (other != certificate && certificate.Issuer.SequenceEqual(other.Subject))
                reason = AttestationReason.CaBundleOrder;
        }

        if (reason == AttestationReason.ChainIncomplete && certificate.IsSignedBy(above))
            reason = AttestationReason.IssuerMismatch;
        return new AttestationException(
            reason,
            $"{certificate.Place} names the issuer {Printable.Text(certificate.Certificate.Issuer)}, and the one above it is "
                + Printable.Text(above.Certificate.Subject));
    }

    private void CheckAuthorities()
    {
        foreach (var certificate in _certificates[..^1])
        {
            if (!certificate.IsAuthority || !certificate.IsConstraintCritical)
                throw Wrong(certificate, AttestationReason.BasicConstraints, "is no certificate authority, and issued another");
            if (certificate.Usage is not { } usage || !usage.HasFlag(X509KeyUsageFlags.KeyCertSign))
                throw Wrong(certificate, AttestationReason.KeyUsage, "may not sign certificates (keyCertSign)");
        }

        // The one that signed the document is not counted.
        for (var (i, below) = (0, _certificates.Count - 2); below >= 0; i++, below--)
        {
            if (_certificates[i].PathLength is { } allowed && below > allowed)
                throw Wrong(_certificates[i], AttestationReason.PathLength, $"allows {allowed} authorities below it, not {below}");
        }
    }

    private void CheckLeaf()
    {
        if (Leaf.IsAuthority || Leaf.PathLength is not null)
            throw Wrong(Leaf, AttestationReason.BasicConstraints, "is a certificate authority");
        if (Leaf.Usage is not { } usage || !usage.HasFlag(X509KeyUsageFlags.DigitalSignature))
            throw Wrong(Leaf, AttestationReason.KeyUsage, "may not sign documents (digitalSignature)");
    }

    private static AttestationException Wrong(ChainCertificate certificate, AttestationReason reason, string what) =>
        new(reason, $"{certificate.Place} {what}");
}
