using ParentProxy.Ingress.Kestrel.Certificates;

namespace ParentProxy.Admin;

/// <summary>A certificate of an HTTPS endpoint as the admin listener shows it.</summary>
/// <param name="Endpoint">The name of the endpoint in <c>Kestrel:Endpoints</c>.</param>
/// <param name="ServerName">The name in <c>Sni</c> that it is for, or null.</param>
/// <param name="Subject">The name that it was made out to.</param>
/// <param name="NotBefore">When it begins to be valid.</param>
/// <param name="NotAfter">When it ceases to be valid.</param>
internal sealed record CertificateView(
    string Endpoint,
    string? ServerName,
    string Subject,
    DateTimeOffset NotBefore,
    DateTimeOffset NotAfter)
{
    /// <summary>Shows what new connections are shown.</summary>
    public static CertificateView Of(ListenerCertificate certificate) =>
        new(certificate.Endpoint, certificate.ServerName, certificate.Subject, certificate.NotBefore, certificate.NotAfter);
}
