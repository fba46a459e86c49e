using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ParentProxy.Simulator.Attestation;

/// <summary>
/// A certificate, its key, and whose key signed it. The key is kept as numbers: objects of it must not be used by two threads at once,
/// and those of a certificate that was replaced would have to be disposed of while others sign with them.
/// </summary>
internal sealed class CertifiedKey
{
    private readonly ECParameters _key;
    private readonly X500DistinguishedName _subject;
    private readonly X509SubjectKeyIdentifierExtension? _identifier;

    private CertifiedKey(X509Certificate2 certificate, ECParameters key, CertifiedKey? issuer)
    {
        _key = key;
        _subject = certificate.SubjectName;
        _identifier = certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().SingleOrDefault();
        Certificate = certificate.RawData;
        NotAfter = certificate.NotAfter.ToUniversalTime();
        Issuer = issuer;
    }

    /// <summary>The certificate in DER, as documents hold it.</summary>
    public byte[] Certificate { get; }

    public DateTimeOffset NotAfter { get; }

    /// <summary>Null for the root.</summary>
    public CertifiedKey? Issuer { get; }

    /// <summary>The certificates above this one, the root's first.</summary>
    public IReadOnlyList<byte[]> Bundle => Issuer is null ? [] : [.. Issuer.Bundle, Issuer.Certificate];

    /// <summary>Makes a key and a certificate of it.</summary>
    /// <param name="profile">Its rank.</param>
    /// <param name="subject">Its name.</param>
    /// <param name="issuer">Who signs; null: itself.</param>
    /// <param name="now">When it is made; its beginning lies before.</param>
    public static CertifiedKey Issue(CertificateProfile profile, X500DistinguishedName subject, CertifiedKey? issuer, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA384);
        var extensions = request.CertificateExtensions;
        extensions.Add(profile.Basic);
        if (profile.HasKeyIdentifiers)
        {
            if (issuer?._identifier is { } above)
                extensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(above));
            extensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        }

        extensions.Add(profile.Usage);
        if (profile.HasRevocationList)
        {
            // Nobody may ask for it: the name is one of those that never exist.
            var list = $"http://crl.not-aws.invalid/crl/{Guid.NewGuid()}.crl";
            extensions.Add(CertificateRevocationListBuilder.BuildCrlDistributionPointExtension([list]));
        }

        var notBefore = now - profile.Backdating;
        using var signer = issuer?.OpenKey();
        var generator = X509SignatureGenerator.CreateForECDsa(signer ?? key);
        using var certificate =
            request.Create(issuer?._subject ?? subject, generator, notBefore, notBefore + profile.Lifetime, NewSerialNumber());
        return new CertifiedKey(certificate, key.ExportParameters(includePrivateParameters: true), issuer);
    }

    /// <summary>Reads the root from PEM: certificate and key.</summary>
    /// <exception cref="CryptographicException">One of them is missing, or they do not belong together.</exception>
    public static CertifiedKey FromPem(string pem)
    {
        using var certificate = X509Certificate2.CreateFromPem(pem, pem);
        using var key = certificate.GetECDsaPrivateKey();
        return key is { KeySize: 384 }
            ? new CertifiedKey(certificate, key.ExportParameters(includePrivateParameters: true), issuer: null)
            : throw new CryptographicException("its key is not of the curve P-384");
    }

    /// <summary>Certificate and key in PEM.</summary>
    public string ToPem()
    {
        using var key = OpenKey();
        return $"{ToCertificatePem()}{key.ExportPkcs8PrivateKeyPem()}\n";
    }

    public string ToCertificatePem() => PemEncoding.WriteString("CERTIFICATE", Certificate) + '\n';

    /// <summary>Whether what is issued now would outlive it.</summary>
    public bool EndsBefore(DateTimeOffset now, CertificateProfile issued) => now + issued.Lifetime > NotAfter;

    public ECDsa OpenKey() => ECDsa.Create(_key);

    private static byte[] NewSerialNumber()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        // Positive, and no leading zero.
        serial[0] = (byte)(serial[0] & 0x7f | 0x40);
        return serial;
    }
}
