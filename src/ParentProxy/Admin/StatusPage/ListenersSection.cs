using ParentProxy.Ingress.Kestrel.Certificates;

namespace ParentProxy.Admin.StatusPage;

/// <summary>Where clients connect, and which certificates they are shown.</summary>
internal static class ListenersSection
{
    /// <summary>Writes the section.</summary>
    public static void Write(HtmlWriter html, PageSnapshot page)
    {
        html.Add($"""<section id="listeners" aria-labelledby="listeners-title"><h2 id="listeners-title">Listeners</h2><div class="scroll" role="region" aria-labelledby="listeners-title" tabindex="0"><table><caption class="hidden">Public listeners</caption><thead><tr><th scope="col">Address</th><th scope="col">State</th><th scope="col" class="number">Open</th><th scope="col" class="number">Rejected</th></tr></thead><tbody>""");
        foreach (var listener in page.Listeners)
        {
            var tone = listener.Accepting ? "good" : page.IsDraining ? "leaving" : "bad";
            html.Add($"""<tr data-key="{listener.Endpoint}"><th scope="row"><code>{listener.Endpoint}</code></th><td><span class="tag {tone}">{Icons.Of(tone)}{(listener.Accepting ? "accepting" : "closed")}</span></td><td class="number">{Words.Count(listener.Connections)}</td><td class="number{(listener.Rejected > 0 ? " bad" : "")}">{Words.Count(listener.Rejected)}</td></tr>""");
        }

        html.Add($"""</tbody></table></div><p class="quiet foot">At most {Words.Count(page.Options.Limits.MaxConnections)} connections each (Limits:MaxConnections); what comes above is closed at once and counted as rejected.</p>""");
        if (page.Certificates.Count > 0)
            WriteCertificates(html, page);
        html.Add($"</section>");
    }

    private static void WriteCertificates(HtmlWriter html, PageSnapshot page)
    {
        html.Add($"""<h3 id="certificates-title">Certificates</h3><div class="scroll" role="region" aria-labelledby="certificates-title" tabindex="0"><table><caption class="hidden">Certificates of the HTTPS endpoints</caption><thead><tr><th scope="col">Endpoint</th><th scope="col">Made out to</th><th scope="col">Valid</th><th scope="col">Until</th></tr></thead><tbody>""");
        foreach (var certificate in page.Certificates)
        {
            var tone = Findings.Tone(certificate, page.Now);
            html.Add($"""<tr data-key="{certificate.Endpoint} {certificate.ServerName}"><th scope="row">{certificate.Endpoint}{Name(certificate.ServerName)}</th><td><code>{certificate.Subject}</code></td><td><span class="tag {tone}">{Icons.Of(tone)}{Validity(certificate, page.Now)}</span></td><td>{Words.Day(certificate.NotAfter)}</td></tr>""");
        }

        html.Add($"""</tbody></table></div><p class="quiet foot">As read at the start; another one takes a restart.</p>""");
    }

    private static string Validity(ListenerCertificate certificate, DateTimeOffset now) => certificate switch
    {
        _ when certificate.NotBefore > now => "not yet",
        _ when certificate.NotAfter <= now => $"expired {Words.Age(now - certificate.NotAfter)} ago",
        _ => $"for {Words.Age(certificate.NotAfter - now)}",
    };

    private static Action<HtmlWriter> Name(string? serverName) => html =>
    {
        if (serverName is not null)
            html.Add($""" <code>{serverName}</code>""");
    };
}
