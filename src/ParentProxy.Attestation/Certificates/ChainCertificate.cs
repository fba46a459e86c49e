using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ParentProxy.Attestation.Certificates;

/// <summary>One certificate of a document's chain, with what the checks ask of it.</summary>
internal sealed class ChainCertificate : IDisposable
{
    private const string EcdsaWithSha384 = "1.2.840.10045.4.3.3";
    private const string P384 = "1.3.132.0.34";

    private ChainCertificate(X509Certificate2 certificate, string place)
    {
        Certificate = certificate;
        Place = place;
        From = certificate.NotBefore.ToUniversalTime();
        Until = certificate.NotAfter.ToUniversalTime();
        CommonName = certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        Usage = certificate.Extensions.OfType<X509KeyUsageExtension>().SingleOrDefault()?.KeyUsages;
        if (certificate.Extensions.OfType<X509BasicConstraintsExtension>().SingleOrDefault() is not { } constraints)
            return;
        IsAuthority = constraints.CertificateAuthority;
        IsConstraintCritical = constraints.Critical;
        if (constraints.HasPathLengthConstraint)
            PathLength = constraints.PathLengthConstraint;
    }

    public X509Certificate2 Certificate { get; }

    /// <summary>Which one it is, for messages.</summary>
    public string Place { get; }

    /// <summary>From when it is valid, in UTC.</summary>
    public DateTime From { get; }

    /// <summary>Until when it is valid, in UTC.</summary>
    public DateTime Until { get; }

    public bool IsAuthority { get; }

    /// <summary>Whether who does not understand basicConstraints must refuse it.</summary>
    public bool IsConstraintCritical { get; }

    /// <summary>How many authorities may stand below it; null for any number.</summary>
    public int? PathLength { get; }

    /// <summary>Null when the certificate does not say.</summary>
    public X509KeyUsageFlags? Usage { get; }

    /// <summary>Of its subject; where it has none, another part of the name.</summary>
    public string CommonName { get; }

    public ReadOnlySpan<byte> Subject => Certificate.SubjectName.RawData;

    public ReadOnlySpan<byte> Issuer => Certificate.IssuerName.RawData;

    /// <exception cref="AttestationException">It is no certificate, or one of another algorithm.</exception>
    public static ChainCertificate Read(ReadOnlyMemory<byte> der, string place)
    {
        var certificate = Load(der, place);
        try
        {
            var read = new ChainCertificate(certificate, place);
            if (certificate.SignatureAlgorithm.Value != EcdsaWithSha384)
                throw Algorithm($"was signed with {certificate.SignatureAlgorithm.FriendlyName}, not with ECDSA and SHA-384");
            return HasKeyOnP384(certificate) ? read : throw Algorithm("has no key on P-384");
        }
        catch (Exception ex) when (ex is CryptographicException or InvalidOperationException or ArgumentException)
        {
            // The platform reads most parts only now that it is asked for them: dates, names, extensions (of each there may be one).
            certificate.Dispose();
            throw new AttestationException(AttestationReason.CertificateParse, $"{place} has a part that cannot be read");
        }
        catch
        {
            certificate.Dispose();
            throw;
        }

        AttestationException Algorithm(string what) => new(AttestationReason.CertificateAlgorithm, $"{place} {what}");
    }

    /// <summary>Opens its key, which costs more than all else that is read here. To be disposed of.</summary>
    /// <exception cref="AttestationException">It is none.</exception>
    public ECDsa OpenKey()
    {
        try
        {
            if (Certificate.GetECDsaPublicKey() is { } key)
                return key;
        }
        catch (CryptographicException)
        {
            // No point of the curve, for one.
        }

        throw new AttestationException(AttestationReason.CertificateAlgorithm, $"{Place} has no key on P-384");
    }

    /// <summary>Whether it was signed by the key of another certificate, whatever names they have.</summary>
    public bool IsSignedBy(ChainCertificate issuer)
    {
        try
        {
            var sequence = new AsnReader(Certificate.RawDataMemory, AsnEncodingRules.DER).ReadSequence();
            var signed = sequence.ReadEncodedValue();
            sequence.ReadEncodedValue(); // the algorithm
            var signature = sequence.ReadBitString(out _);
            using var key = issuer.OpenKey();
            return key.VerifyData(signed.Span, signature, HashAlgorithmName.SHA384, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    public void Dispose() => Certificate.Dispose();

    private static X509Certificate2 Load(ReadOnlyMemory<byte> der, string place)
    {
        try
        {
            // What follows the certificate, the loader does not mind. It would mind PEM as little.
            AsnDecoder.ReadSequence(der.Span, AsnEncodingRules.DER, out _, out _, out var length);
            if (length == der.Length)
                return X509CertificateLoader.LoadCertificate(der.Span);
        }
        catch (Exception ex) when (ex is AsnContentException or CryptographicException)
        {
            throw new AttestationException(AttestationReason.CertificateParse, $"{place} is no X.509 certificate");
        }

        throw new AttestationException(AttestationReason.CertificateParse, $"{place} is followed by something");
    }

    // The parameters are the curve's name; a curve that is spelt out would be as good to the library.
    private static bool HasKeyOnP384(X509Certificate2 certificate)
    {
        try
        {
            return certificate.PublicKey.EncodedParameters?.RawData is { Length: > 0 } parameters
                && AsnDecoder.ReadObjectIdentifier(parameters, AsnEncodingRules.DER, out var length) == P384
                && length == parameters.Length;
        }
        catch (Exception ex) when (ex is AsnContentException or CryptographicException)
        {
            return false;
        }
    }
}
