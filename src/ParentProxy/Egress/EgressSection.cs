using ParentProxy.Capabilities;
using ParentProxy.Configuration;
using ParentProxy.Html;

namespace ParentProxy.Egress;

/// <summary>What enclaves reach, on the status page: the listeners, and what was refused last.</summary>
/// <param name="listeners">Those that are open.</param>
/// <param name="refusals">What enclaves did not get.</param>
internal sealed class EgressSection(Func<IReadOnlyList<EgressListener>> listeners, EgressRefusals refusals) : IStatusSection
{
    private const int RefusalsShown = 10;

    /// <inheritdoc/>
    public string Id => "egress";

    /// <inheritdoc/>
    public string Title => "Egress";

    /// <inheritdoc/>
    public StatusPart Read(StatusMoment moment)
    {
        List<(EgressListener Listener, ListenerView View)> shown = [.. listeners().Select(listener => (listener, listener.View()))];
        var recent = refusals.Recent.Take(RefusalsShown).ToList();
        var closed = shown.Where(row => !row.View.Accepting && !moment.IsDraining).Select(row => new Finding(
            "bad", $"Listener {row.View.Endpoint}", $"takes no connections of enclaves: {Words.Sentence(row.View.Reason!)}"));
        return new StatusPart([.. closed], html => Write(html, shown, recent, moment));
    }

    /// <summary>What a listener is for, as the settings call it.</summary>
    internal static string Service(EgressListenerOptions options) => options switch
    {
        EgressForwardOptions forward => $"forward to {forward.To}",
        EgressConnectOptions => "HTTP proxy",
        EgressDnsOptions => "DNS",
        EgressLogsOptions => "logs",
        EgressTimeOptions => "time",
        EgressFileOptions file => $"file {file.Path}",
        _ => options.GetType().Name,
    };

    private static void Write(
        HtmlWriter html,
        List<(EgressListener Listener, ListenerView View)> rows,
        List<EgressRefusal> recent,
        StatusMoment moment)
    {
        html.Add($"""<section id="egress" aria-labelledby="egress-title"><h2 id="egress-title">Egress</h2>""");
        if (rows.Count == 0)
        {
            html.Add($"""<p class="quiet">Enclaves reach nothing through this program (Egress).</p></section>""");
            return;
        }

        html.Add($"""<div class="scroll" role="region" aria-labelledby="egress-title" tabindex="0">""");
        html.Add($"""<table><caption class="hidden">Egress listeners</caption><thead><tr><th scope="col">Address</th>""");
        html.Add($"""<th scope="col">For</th><th scope="col">State</th><th scope="col" class="number">Open</th>""");
        html.Add($"""<th scope="col" class="number">Refused</th></tr></thead><tbody>""");
        foreach (var (listener, view) in rows)
        {
            var tone = view.Accepting ? "good" : moment.IsDraining ? "leaving" : "bad";
            html.Add($"""<tr data-key="{view.Endpoint}"><th scope="row"><code>{view.Endpoint}</code></th>""");
            html.Add($"""<td>{Service(listener.Options)}</td>""");
            html.Add($"""<td><span class="tag {tone}">{Icons.Of(tone)}{(view.Accepting ? "accepting" : "closed")}</span></td>""");
            html.Add($"""<td class="number">{Words.Count(view.Connections)}</td>""");
            html.Add($"""<td class="number{(view.Rejected > 0 ? " bad" : "")}">{Words.Count(view.Rejected)}</td></tr>""");
        }

        html.Add($"""</tbody></table></div>""");
        WriteRefusals(html, recent, moment);
        html.Add($"""</section>""");
    }

    private static void WriteRefusals(HtmlWriter html, List<EgressRefusal> recent, StatusMoment moment)
    {
        if (recent.Count == 0)
        {
            html.Add($"""<p class="quiet foot">Nothing was refused since the start.</p>""");
            return;
        }

        html.Add($"""<div class="scroll" role="region" aria-labelledby="egress-refusals" tabindex="0">""");
        html.Add($"""<table><caption id="egress-refusals">Not reached, the most recent first</caption><thead><tr>""");
        html.Add($"""<th scope="col">Enclave</th><th scope="col">What</th><th scope="col">Why</th>""");
        html.Add($"""<th scope="col" class="number">Times</th><th scope="col">Last</th></tr></thead><tbody>""");
        foreach (var refusal in recent)
        {
            html.Add($"""<tr><th scope="row">{refusal.Peer.ToString()}</th><td><code>{refusal.What}</code></td>""");
            html.Add($"""<td>{refusal.Code}: {refusal.Reason}</td><td class="number">{Words.Count(refusal.Count)}</td>""");
            html.Add($"""<td>{Times.Since(refusal.Last, moment.Now)}</td></tr>""");
        }

        html.Add($"""</tbody></table></div>""");
    }
}
