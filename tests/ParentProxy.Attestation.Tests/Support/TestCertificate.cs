using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ParentProxy.Attestation.Tests.Support;

/// <summary>A certificate of a test chain, and its key.</summary>
public sealed record TestCertificate(byte[] Der, ECDsa Key, X500DistinguishedName Subject)
{
    /// <summary>Issues a certificate.</summary>
    /// <param name="shape">What it says.</param>
    /// <param name="issuer">Who signs it; null for itself.</param>
    public static TestCertificate Issue(CertificateShape shape, TestCertificate? issuer)
    {
        var key = shape.Key ?? ECDsa.Create(shape.Curve);
        var subject = new X500DistinguishedName(CertificateShape.NameOf(shape.CommonName));
        var request = new CertificateRequest(subject, key, shape.Hash);
        if (shape.IsAuthority is { } isAuthority)
        {
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(
                isAuthority, shape.PathLength is not null, shape.PathLength ?? 0, shape.IsConstraintCritical));
        }

        if (shape.Usage is { } usage)
            request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, critical: shape.IsAuthority == true));
        foreach (var extension in shape.Extensions)
            request.CertificateExtensions.Add(extension);
        var issuerName = shape.IssuerName is { } name
            ? new X500DistinguishedName(CertificateShape.NameOf(name))
            : issuer?.Subject ?? subject;
        var generator = X509SignatureGenerator.CreateForECDsa(issuer?.Key ?? key);
        using var certificate = request.Create(issuerName, generator, shape.From, shape.Until, RandomNumberGenerator.GetBytes(16));
        return new TestCertificate(certificate.RawData, key, subject);
    }
}
