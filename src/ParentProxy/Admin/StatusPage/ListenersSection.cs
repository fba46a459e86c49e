namespace ParentProxy.Admin.StatusPage;

/// <summary>Where clients connect.</summary>
internal static class ListenersSection
{
    /// <summary>Writes the section.</summary>
    public static void Write(HtmlWriter html, PageSnapshot page)
    {
        html.Add($"""<section id="listeners" aria-labelledby="listeners-title"><h2 id="listeners-title">Listeners</h2><div class="scroll" role="region" aria-labelledby="listeners-title" tabindex="0"><table><caption class="hidden">Public listeners</caption><thead><tr><th scope="col">Address</th><th scope="col">State</th><th scope="col" class="number">Open</th><th scope="col" class="number">Rejected</th></tr></thead><tbody>""");
        foreach (var listener in page.Listeners)
        {
            var tone = listener.Accepting ? "good" : page.Summary.Status == "draining" ? "leaving" : "bad";
            html.Add($"""<tr data-key="{listener.Endpoint}"><th scope="row"><code>{listener.Endpoint}</code></th><td><span class="tag {tone}">{Icons.Of(tone)}{(listener.Accepting ? "accepting" : "closed")}</span></td><td class="number">{Words.Count(listener.Connections)}</td><td class="number{(listener.Rejected > 0 ? " bad" : "")}">{Words.Count(listener.Rejected)}</td></tr>""");
        }

        html.Add($"""</tbody></table></div><p class="quiet foot">At most {Words.Count(page.Options.Limits.MaxConnections)} connections each (Limits:MaxConnections); what comes above is closed at once and counted as rejected.</p></section>""");
    }
}
