using ParentProxy.Capabilities;
using ParentProxy.Html;

namespace ParentProxy.Ingress.Kestrel.Certificates;

/// <summary>What there is to say of certificates that clients refuse, or will soon.</summary>
internal static class CertificateFindings
{
    /// <summary>With less than this left a certificate is worth a line: what renews them by itself has done so by then.</summary>
    private static readonly TimeSpan Near = TimeSpan.FromDays(30);

    /// <summary>Of each that is not good, the one that ends first before the others.</summary>
    public static IEnumerable<Finding> Of(ListenerCertificates certificates, DateTimeOffset now)
    {
        foreach (var certificate in certificates.All.OrderBy(certificate => certificate.NotAfter))
        {
            var tone = Tone(certificate, now);
            if (tone == "good")
                continue;
            var name = certificate.ServerName is { } server ? $", {server}" : "";
            var subject = $"Certificate of {certificate.Endpoint}{name} ({certificate.Subject})";
            yield return new Finding(tone, subject, Text(certificates, certificate, now));
        }
    }

    /// <summary>How near the end of a certificate is.</summary>
    public static string Tone(ListenerCertificate certificate, DateTimeOffset now) => certificate switch
    {
        _ when certificate.NotBefore > now || certificate.NotAfter <= now => "bad",
        _ when certificate.NotAfter - now < Near => "warn",
        _ => "good",
    };

    private static string Text(ListenerCertificates certificates, ListenerCertificate certificate, DateTimeOffset now)
    {
        if (certificate.NotBefore > now)
            return $"is valid only from {Words.Moment(certificate.NotBefore)} on, and clients refuse it. Is this host's clock right?";
        var left = certificate.NotAfter - now;
        var ends = left <= TimeSpan.Zero
            ? $"expired {Words.Age(-left)} ago, on {Words.Day(certificate.NotAfter)}, and clients refuse it."
            : $"expires in {Words.Age(left)}, on {Words.Day(certificate.NotAfter)}.";
        return $"{ends} {Renewal(certificates, certificate, now)}";
    }

    // Kestrel reads certificates at the start only.
    private static string Renewal(ListenerCertificates certificates, ListenerCertificate certificate, DateTimeOffset now) =>
        certificates.Successor(certificate) switch
        {
            { } next when next.NotAfter > certificate.NotAfter && next.NotAfter > now =>
                $"{next.Source} holds one until {Words.Day(next.NotAfter)} already: restart to use it.",
            _ when certificate.IsFile => $"Renew {certificate.Source}, then restart: certificates are read at the start.",
            _ => $"Renew the one of {certificate.Source} in its store, then restart: certificates are read at the start.",
        };
}
