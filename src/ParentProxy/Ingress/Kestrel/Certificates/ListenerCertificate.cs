using System.Security.Cryptography.X509Certificates;

namespace ParentProxy.Ingress.Kestrel.Certificates;

/// <summary>A certificate that HTTPS clients are shown.</summary>
/// <param name="Endpoint">The name of the endpoint in <c>Kestrel:Endpoints</c>.</param>
/// <param name="ServerName">The name in <c>Sni</c> that it is for; null for all that have no other.</param>
/// <param name="Source">The file, or the subject in a store.</param>
/// <param name="IsFile">Whether it comes from a file.</param>
/// <param name="Subject">The name that it was made out to.</param>
/// <param name="Thumbprint">Tells it from others.</param>
/// <param name="NotBefore">When it begins to be valid.</param>
/// <param name="NotAfter">When it ceases to be valid.</param>
internal sealed record ListenerCertificate(
    string Endpoint,
    string? ServerName,
    string Source,
    bool IsFile,
    string Subject,
    string Thumbprint,
    DateTimeOffset NotBefore,
    DateTimeOffset NotAfter)
{
    /// <summary>Takes what is to be known from a certificate.</summary>
    public static ListenerCertificate Of(string endpoint, string? serverName, string source, bool isFile, X509Certificate2 certificate)
    {
        var name = certificate.GetNameInfo(X509NameType.DnsName, forIssuer: false);
        return new ListenerCertificate(
            endpoint,
            serverName,
            source,
            isFile,
            string.IsNullOrEmpty(name) ? certificate.Subject : name,
            certificate.Thumbprint,
            new DateTimeOffset(certificate.NotBefore.ToUniversalTime()),
            new DateTimeOffset(certificate.NotAfter.ToUniversalTime()));
    }
}
