using ParentProxy.Capabilities;
using ParentProxy.Html;

namespace ParentProxy.Ingress.Kestrel.Certificates;

/// <summary>What there is to say of certificates that clients refuse, or will soon, and of files that are not used.</summary>
internal static class CertificateFindings
{
    /// <summary>With less than this left a certificate is worth a line: what renews them by itself has done so by then.</summary>
    private static readonly TimeSpan Near = TimeSpan.FromDays(30);

    /// <summary>Of each that is not good, the one that ends first before the others.</summary>
    public static IEnumerable<Finding> Of(ListenerCertificates certificates, DateTimeOffset now)
    {
        foreach (var (served, certificate) in certificates.Served
            .Where(served => served.Current is not null)
            .Select(served => (served, served.Current!))
            .OrderBy(pair => pair.Item2.NotAfter))
        {
            var name = certificate.ServerName is { } server ? $", {server}" : "";
            var subject = $"Certificate of {certificate.Endpoint}{name} ({certificate.Subject})";
            var tone = Tone(certificate, now);
            if (served.Refusal is { } reason)
                yield return new Finding(
                    "warn", subject, $"was to be replaced and was not: {certificate.Source}: {Words.Sentence(reason)}");
            if (tone != "good")
                yield return new Finding(tone, subject, Text(served, certificate, now));
        }

        foreach (var authorities in certificates.Authorities)
        {
            if (authorities.Refusal is { } reason)
                yield return new Finding(
                    "warn", $"Client certificates of {authorities.Endpoint}", $"are checked as before: {Words.Sentence(reason)}");
        }
    }

    /// <summary>How near the end of a certificate is.</summary>
    public static string Tone(ListenerCertificate certificate, DateTimeOffset now) => certificate switch
    {
        _ when certificate.NotBefore > now || certificate.NotAfter <= now => "bad",
        _ when certificate.NotAfter - now < Near => "warn",
        _ => "good",
    };

    private static string Text(ServedCertificate served, ListenerCertificate certificate, DateTimeOffset now)
    {
        if (certificate.NotBefore > now)
            return $"is valid only from {Words.Moment(certificate.NotBefore)} on, and clients refuse it. Is this host's clock right?";
        var left = certificate.NotAfter - now;
        var ends = left <= TimeSpan.Zero
            ? $"expired {Words.Age(-left)} ago, on {Words.Day(certificate.NotAfter)}, and clients refuse it."
            : $"expires in {Words.Age(left)}, on {Words.Day(certificate.NotAfter)}.";
        return $"{ends} {Renewal(served, certificate, now)}";
    }

    // Files are read again, a store is not.
    private static string Renewal(ServedCertificate served, ListenerCertificate certificate, DateTimeOffset now) => certificate.IsFile
        ? $"Renew {certificate.Source}: it is read again without a restart."
        : served.Successor is { } next && next.NotAfter > certificate.NotAfter && next.NotAfter > now
            ? $"{next.Source} holds one until {Words.Day(next.NotAfter)} already: restart to use it."
            : $"Renew the one of {certificate.Source} in its store, then restart: a store is read at the start.";
}
