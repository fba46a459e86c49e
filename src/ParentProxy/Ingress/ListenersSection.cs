using ParentProxy.Capabilities;
using ParentProxy.Html;
using ParentProxy.Ingress.Kestrel.Certificates;

namespace ParentProxy.Ingress;

/// <summary>Where clients connect, and which certificates they are shown, on the status page.</summary>
/// <param name="listeners">Those that are open.</param>
/// <param name="certificates">Those of the HTTPS endpoints.</param>
internal sealed class ListenersSection(Func<IEnumerable<ListenerView>> listeners, ListenerCertificates certificates) : IStatusSection
{
    /// <inheritdoc/>
    public string Id => "listeners";

    /// <inheritdoc/>
    public string Title => "Listeners";

    /// <inheritdoc/>
    public StatusPart Read(StatusMoment moment)
    {
        List<ListenerView> open = [.. listeners().OrderBy(listener => listener.Endpoint, StringComparer.Ordinal)];
        var closed = open.Where(listener => !listener.Accepting && !moment.IsDraining).Select(Closed);
        return new StatusPart([.. closed, .. CertificateFindings.Of(certificates, moment.Now)], html => Write(html, open, moment));
    }

    private static Finding Closed(ListenerView listener) =>
        new("bad", $"Listener {listener.Endpoint}", $"accepts no connections: {Words.Sentence(listener.Reason!)}")
        {
            KeepsClientsOut = true,
        };

    private void Write(HtmlWriter html, List<ListenerView> open, StatusMoment moment)
    {
        html.Add($"""<section id="listeners" aria-labelledby="listeners-title"><h2 id="listeners-title">Listeners</h2>""");
        html.Add($"""<div class="scroll" role="region" aria-labelledby="listeners-title" tabindex="0">""");
        html.Add($"""<table><caption class="hidden">Public listeners</caption><thead><tr><th scope="col">Address</th>""");
        html.Add($"""<th scope="col">State</th><th scope="col" class="number">Open</th>""");
        html.Add($"""<th scope="col" class="number">Rejected</th></tr></thead><tbody>""");
        foreach (var listener in open)
        {
            var tone = listener.Accepting ? "good" : moment.IsDraining ? "leaving" : "bad";
            html.Add($"""<tr data-key="{listener.Endpoint}"><th scope="row"><code>{listener.Endpoint}</code></th>""");
            html.Add($"""<td><span class="tag {tone}">{Icons.Of(tone)}{(listener.Accepting ? "accepting" : "closed")}</span></td>""");
            html.Add($"""<td class="number">{Words.Count(listener.Connections)}</td>""");
            html.Add($"""<td class="number{(listener.Rejected > 0 ? " bad" : "")}">{Words.Count(listener.Rejected)}</td></tr>""");
        }

        html.Add($"""</tbody></table></div><p class="quiet foot">At most {Words.Count(moment.Options.Limits.MaxConnections)} """);
        html.Add($"""connections each (Limits:MaxConnections); what comes above is closed at once and counted as rejected.</p>""");
        if (certificates.All.Count > 0)
            WriteCertificates(html, moment.Now);
        html.Add($"</section>");
    }

    private void WriteCertificates(HtmlWriter html, DateTimeOffset now)
    {
        html.Add($"""<h3 id="certificates-title">Certificates</h3>""");
        html.Add($"""<div class="scroll" role="region" aria-labelledby="certificates-title" tabindex="0">""");
        html.Add($"""<table><caption class="hidden">Certificates of the HTTPS endpoints</caption><thead><tr>""");
        html.Add($"""<th scope="col">Endpoint</th><th scope="col">Made out to</th><th scope="col">Valid</th>""");
        html.Add($"""<th scope="col">Until</th></tr></thead><tbody>""");
        foreach (var certificate in certificates.All)
        {
            var tone = CertificateFindings.Tone(certificate, now);
            html.Add($"""<tr data-key="{certificate.Endpoint} {certificate.ServerName}">""");
            html.Add($"""<th scope="row">{certificate.Endpoint}{Name(certificate.ServerName)}</th>""");
            html.Add($"""<td><code>{certificate.Subject}</code></td>""");
            html.Add($"""<td><span class="tag {tone}">{Icons.Of(tone)}{Validity(certificate, now)}</span></td>""");
            html.Add($"""<td>{Words.Day(certificate.NotAfter)}</td></tr>""");
        }

        html.Add($"""</tbody></table></div><p class="quiet foot">Read again when their files change; """);
        html.Add($"""one from a store takes a restart.</p>""");
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
